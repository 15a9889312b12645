"""Facts of the products that are the same in every environment: plain data, no Pulumi import."""
