# One stage of everything that is not a function: what it keeps, where it runs, who may do what, who
# is told. serverless.yml makes the HTTP API; the two meet in SSM parameters (infra/resources.json).

module "keys" {
  source = "./modules/keys"

  stage               = var.stage
  region              = var.region
  account             = local.account
  arn                 = local.arn
  deletion_protection = var.deletion_protection
}

module "data" {
  source = "./modules/data"

  declared            = local.declared
  arn                 = local.arn
  emulator            = var.emulator
  deletion_protection = var.deletion_protection
}

module "registry" {
  source = "./modules/registry"

  name                = local.name
  deletion_protection = var.deletion_protection
}

module "roles" {
  source = "./modules/roles"

  name                = local.name
  stage               = var.stage
  region              = var.region
  account             = local.account
  arn                 = local.arn
  arns                = local.arns
  key_arn             = module.keys.arn
  providers_with_keys = local.providers_with_keys
  # A Redis that asks nobody has no name; then this allows a cache that is not there.
  cache_name = coalesce(local.cache_name, local.name)
}

module "network" {
  source = "./modules/network"
  count  = local.has.network ? 1 : 0

  name               = local.name
  stage              = var.stage
  region             = var.region
  account            = local.account
  arn                = local.arn
  cidr               = var.vpc_cidr
  zones              = var.zones
  egress             = var.egress
  edge               = var.edge
  emulator           = var.emulator
  flow_logs          = var.flow_logs
  log_retention_days = var.log_retention_days
  key_arn            = module.keys.arn
}

module "cache" {
  source = "./modules/cache"
  count  = local.has.cache ? 1 : 0

  name              = local.name
  node_type         = var.cache.node_type
  replicas          = var.cache.replicas
  subnet_ids        = module.network[0].private_subnet_ids
  security_group_id = module.network[0].security_group_ids.cache
  users             = local.cache_users
}

module "cluster" {
  source = "./modules/cluster"
  count  = local.has.services ? 1 : 0

  name                     = local.name
  arn                      = local.arn
  gpu                      = var.gpu
  subnet_ids               = module.network[0].private_subnet_ids
  worker_security_group_id = module.network[0].security_group_ids.worker
  tags                     = { app = "prosa", stage = var.stage }
}

module "worker" {
  source = "./modules/worker"
  count  = local.has.services ? 1 : 0

  name                  = local.name
  stage                 = var.stage
  region                = var.region
  cluster_arn           = module.cluster[0].arn
  cluster_name          = module.cluster[0].name
  gpu_capacity_provider = module.cluster[0].gpu_capacity_provider
  image                 = local.images.worker
  running               = local.running
  scaling               = local.has.scaling
  size                  = var.worker
  environment           = local.worker_environment
  start_role_arn        = module.roles.start.worker
  task_role_arn         = module.roles.task.worker
  subnet_ids            = module.network[0].private_subnet_ids
  security_group_id     = module.network[0].security_group_ids.worker
  queue_name            = local.declared.queue.QueueName
  log_retention_days    = var.log_retention_days
  key_arn               = module.keys.arn
}

module "gateway" {
  source = "./modules/gateway"
  count  = local.has.services ? 1 : 0

  name                       = local.name
  stage                      = var.stage
  region                     = var.region
  cluster_arn                = module.cluster[0].arn
  cluster_name               = module.cluster[0].name
  image                      = local.images.gateway
  running                    = local.running
  scaling                    = local.has.scaling
  size                       = var.gateway
  environment                = local.gateway_environment
  start_role_arn             = module.roles.start.gateway
  task_role_arn              = module.roles.task.gateway
  vpc_id                     = module.network[0].vpc_id
  subnet_ids                 = module.network[0].private_subnet_ids
  security_group_id          = module.network[0].security_group_ids.gateway
  balancer_security_group_id = module.network[0].security_group_ids.balancer
  deletion_protection        = var.deletion_protection
  log_retention_days         = var.log_retention_days
  key_arn                    = module.keys.arn
}

# What `serverless deploy` wrote: the second apply begins where it ended.
data "aws_ssm_parameter" "api" {
  for_each = var.edge ? toset(["api-domain", "api-stage-path"]) : toset([])

  name = local.parameters[each.key].Name
}

module "edge" {
  source = "./modules/edge"
  count  = var.edge ? 1 : 0

  name            = local.name
  account         = local.account
  arn             = local.arn
  api_domain      = data.aws_ssm_parameter.api["api-domain"].insecure_value
  api_stage_path  = data.aws_ssm_parameter.api["api-stage-path"].insecure_value
  balancer_arn    = module.gateway[0].balancer_arn
  balancer_domain = module.gateway[0].balancer_domain
  domain_name     = var.domain_name
  certificate_arn = var.certificate_arn
  web_acl_arn     = var.web_acl_arn

  security_headers = jsondecode(file("${path.module}/../../web/security-headers.json"))
}

module "parameters" {
  source = "./modules/parameters"

  declared = local.parameters
  names    = keys(local.parameter_values)
  values   = local.parameter_values
}

module "alarms" {
  source = "./modules/alarms"

  name                   = local.name
  stage                  = var.stage
  region                 = var.region
  account                = local.account
  arn                    = local.arn
  key_arn                = module.keys.arn
  emails                 = var.alarm_emails
  monthly_budget_usd     = var.monthly_budget_usd
  queue_name             = local.declared.queue.QueueName
  dead_letter_queue_name = local.declared.dead_letter_queue.QueueName
  table_name             = local.declared.table.TableName
  api_name               = local.api_name
  functions              = local.functions
  worker_log_group       = one(module.worker[*].log_group)
  balancer_arn_suffix    = one(module.gateway[*].balancer_arn_suffix)
  watched                = { services = local.has.services, cache = local.has.cache }
  alarms                 = local.has.alarms
}
