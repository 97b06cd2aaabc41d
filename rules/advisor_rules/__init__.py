"""The rules that come with the product: one YAML file a rule, in folders by stage."""
