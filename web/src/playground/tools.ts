/** Tools are written in the shape of any of the three forms, and go out in that of the form that is chosen. */
import type { Form } from "./draft";
import { type Json, type JsonObject, isObject } from "./json";

interface FunctionTool {
  name: Json;
  description?: Json;
  parameters: Json;
  strict?: Json;
}

/** What is no function, such as a provider's own tool, goes as it is. */
export function toolsIn(form: Form, tools: JsonObject[]): JsonObject[] {
  return tools.map((tool) => {
    const called = functionOf(tool);
    return called ? written(form, called) : tool;
  });
}

function functionOf(tool: JsonObject): FunctionTool | null {
  const inner = tool.function;
  if (tool.type === "function" && isObject(inner)) return picked(inner, inner.parameters);
  if (tool.type === "function" && "name" in tool) return picked(tool, tool.parameters);
  if ("input_schema" in tool && (tool.type === undefined || tool.type === "custom")) return picked(tool, tool.input_schema);
  return null;
}

function picked({ name = "", description, strict }: JsonObject, parameters: Json = { type: "object" }): FunctionTool {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    parameters,
    ...(strict === undefined ? {} : { strict }),
  };
}

function written(form: Form, { parameters, ...called }: FunctionTool): JsonObject {
  switch (form) {
    case "chat":
      return { type: "function", function: { ...called, parameters } };
    case "responses":
      return { type: "function", ...called, parameters };
    case "messages":
      return { ...called, input_schema: parameters };
  }
}
