/** @file `deadweight doctor`: what this machine offers, and why not. */
import { Command } from "commander";
import { version } from "../foundation/version.js";
import { thisMachine } from "./machine.js";

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("Say what this machine offers for training: devices, backends, and why not.")
    .action(async () => {
      const { chooseDevice, deviceFailure } = await import("../engine/onnx/device.js");
      const { openBackend } = await import("../training/open-backend.js");
      const machine = thisMachine();
      const { backend } = await openBackend({ device: "cpu", threads: 0 });
      const cpuFailure = await deviceFailure("cpu");
      const webgpu = await chooseDevice("webgpu");
      const lines = [
        `deadweight ${version}, Node ${machine.node}`,
        `machine   ${machine.cpu}, ${machine.logicalCores} logical cores, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB, ${machine.platform} ${machine.arch}`,
        `cpu       ${cpuFailure === null ? backend.description : `not usable: ${cpuFailure}`}`,
        `webgpu    ${webgpu.device === "webgpu" ? "usable (--device webgpu)" : webgpu.note}`,
      ];
      process.stdout.write(`${lines.join("\n")}\n`);
    });
}
