#!/bin/bash
# The handover's commands say docker-compose; Ubuntu's package has it as a part of docker.
exec docker compose "$@"
