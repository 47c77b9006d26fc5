/**
 * @file Switches off the telemetry that official onnxruntime builds send to Microsoft by default (since 1.29 on Linux too). The
 * library reads the variable when it is loaded, so this module comes before it. A user who sets the variable decides.
 */
process.env.ORT_DISABLE_TELEMETRY ??= "1";
