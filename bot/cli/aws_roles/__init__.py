"""The roles of this program as files to deploy: CloudFormation templates and Terraform modules, and their policies."""
