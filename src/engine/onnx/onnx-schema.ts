/** @file The part of ONNX's protobuf schema that we write (onnx.proto, IR version 10). Knows nothing of our graphs. */
import protobuf from "protobufjs";

const schema = protobuf.Root.fromJSON({
  nested: {
    OperatorSetId: { fields: { domain: { id: 1, type: "string" }, version: { id: 2, type: "int64" } } },
    Dimension: { fields: { dimValue: { id: 1, type: "int64" } } },
    Shape: { fields: { dim: { id: 1, type: "Dimension", rule: "repeated" } } },
    TensorType: { fields: { elemType: { id: 1, type: "int32" }, shape: { id: 2, type: "Shape" } } },
    Type: { fields: { tensorType: { id: 1, type: "TensorType" } } },
    ValueInfo: { fields: { name: { id: 1, type: "string" }, type: { id: 2, type: "Type" } } },
    Tensor: {
      fields: {
        dims: { id: 1, type: "int64", rule: "repeated" },
        dataType: { id: 2, type: "int32" },
        name: { id: 8, type: "string" },
        rawData: { id: 9, type: "bytes" },
      },
    },
    Attribute: {
      fields: {
        name: { id: 1, type: "string" },
        f: { id: 2, type: "float" },
        i: { id: 3, type: "int64" },
        s: { id: 4, type: "bytes" },
        t: { id: 5, type: "Tensor" },
        ints: { id: 8, type: "int64", rule: "repeated" },
        type: { id: 20, type: "int32" },
      },
    },
    Node: {
      fields: {
        input: { id: 1, type: "string", rule: "repeated" },
        output: { id: 2, type: "string", rule: "repeated" },
        name: { id: 3, type: "string" },
        opType: { id: 4, type: "string" },
        attribute: { id: 5, type: "Attribute", rule: "repeated" },
        domain: { id: 7, type: "string" },
      },
    },
    Graph: {
      fields: {
        node: { id: 1, type: "Node", rule: "repeated" },
        name: { id: 2, type: "string" },
        initializer: { id: 5, type: "Tensor", rule: "repeated" },
        input: { id: 11, type: "ValueInfo", rule: "repeated" },
        output: { id: 12, type: "ValueInfo", rule: "repeated" },
      },
    },
    Model: {
      fields: {
        irVersion: { id: 1, type: "int64" },
        producerName: { id: 2, type: "string" },
        graph: { id: 7, type: "Graph" },
        opsetImport: { id: 8, type: "OperatorSetId", rule: "repeated" },
      },
    },
  },
});

const model = schema.lookupType("Model");

/** TensorProto.DataType */
export const dataType = { float: 1, int: 6, int64: 7, bool: 9 } as const;
export type OnnxType = keyof typeof dataType;

/** AttributeProto.AttributeType */
export const attributeType = { float: 1, int: 2, string: 3, tensor: 4, ints: 7 } as const;

export function encodeModel(content: object): Uint8Array {
  return model.encode(model.create(content)).finish();
}
