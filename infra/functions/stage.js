"use strict";

/**
 * Plugin of serverless.yml: makes the API's stage a resource of its own.
 *
 * The tool has the stage made by the side of the deployment, where CloudFormation takes no settings
 * that a later deploy would change, and mends it by calls afterwards. As a resource its throttling,
 * access log and tracing are part of the change set, and of a rollback.
 */
class ApiStage {
  constructor(serverless) {
    this.service = serverless.service;
    this.hooks = {
      "after:aws:package:finalize:mergeCustomProviderResources": () => this.addStage(),
    };
  }

  addStage() {
    const { provider, custom } = this.service;
    const resources = provider.compiledCloudFormationTemplate.Resources;
    const [id, deployment] = Object.entries(resources).find(
      ([, resource]) => resource.Type === "AWS::ApiGateway::Deployment",
    );
    const { RestApiId, StageName } = deployment.Properties;
    delete deployment.Properties.StageName;
    // A deployment holds the responses there were when it was made.
    deployment.DependsOn = [...deployment.DependsOn, ...idsOf(resources, "GatewayResponse")];
    resources.ApiStage = {
      Type: "AWS::ApiGateway::Stage",
      // Access logs are refused until the account has a role that may write them.
      DependsOn: ["ApiAccount", "ApiAccessLog"],
      Properties: {
        ...custom.apiStage,
        RestApiId,
        StageName,
        DeploymentId: { Ref: id },
        Tags: Object.entries(provider.tags).map(([Key, Value]) => ({ Key, Value })),
      },
    };
  }
}

function idsOf(resources, type) {
  return Object.keys(resources).filter((id) => resources[id].Type === `AWS::ApiGateway::${type}`);
}

module.exports = ApiStage;
