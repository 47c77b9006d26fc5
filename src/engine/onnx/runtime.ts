/** @file The onnxruntime library, loaded the way we want it: whoever needs it imports it from here. */
import "./no-telemetry.js";
import * as ort from "onnxruntime-node";

export { ort };
