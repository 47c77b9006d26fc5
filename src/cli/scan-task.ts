/** @file The task that measures one request of a scan. */
import type { Task } from "../dispatch/task.js";
import type { MeasureRequest } from "../spectrum/measure-request.js";
import { openMeasurer } from "../spectrum/measurer.js";

const measurer = openMeasurer();

/** The request comes from this program's own main thread, not from outside. */
export const task: Task = (args) => measurer(args as MeasureRequest);
