"""What is true of the products in every environment: plain data, no Pulumi, no settings."""
