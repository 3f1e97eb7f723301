"use strict";

const { execFileSync } = require("node:child_process");
const path = require("node:path");

/** Plugin of serverless.yml: gives each function the archive that `pack.py` makes for it. */
class Pack {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = { "before:package:createDeploymentArtifacts": () => this.pack() };
  }

  pack() {
    const { service, serviceDir } = this.serverless;
    const folder = path.join(serviceDir, ".serverless", "functions");
    const { python, machine } = service.custom;
    const options = ["--out", folder, "--python", python, "--machine", machine];
    execFileSync("python3", ["-m", "infra.functions.pack", ...options], {
      cwd: serviceDir,
      stdio: ["ignore", "inherit", "inherit"],
    });
    service.package.individually = true;
    for (const name of service.getAllFunctions()) {
      service.getFunction(name).package = { artifact: path.join(folder, `${name}.zip`) };
    }
  }
}

module.exports = Pack;
