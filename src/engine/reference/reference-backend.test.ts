import { describeBackend } from "../backend.contract.js";
import { referenceBackend } from "./reference-backend.js";

describeBackend("the float64 reference", {
  open: async () => referenceBackend,
  precision: "float64",
  tolerance: 1e-12,
  repeats: 2,
});
