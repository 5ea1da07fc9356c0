import { Component, type ReactNode } from "react";
import { Failure } from "./states";

/** Keeps a fault of one screen in that screen: the frame stays, and the reader can try again. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    const fault = new Error(`This screen met a fault of its own: ${error.message}`);
    return <Failure error={fault} onRetry={() => this.setState({ error: null })} />;
  }
}
