/**
 * A reply that the reader of Markdown cannot read, or whose reader did not arrive, is shown as it
 * is; without this one bad reply would take the page with it.
 */

import { Component, type ReactNode } from "react";

interface Props {
  readonly text: string;
  readonly children: ReactNode;
}

interface State {
  /** The text that broke: the next piece of the stream is another chance. */
  readonly brokeAt: string | null;
}

export class PlainIfBroken extends Component<Props, State> {
  override state: State = { brokeAt: null };

  static getDerivedStateFromProps({ text }: Props, { brokeAt }: State): State {
    return { brokeAt: brokeAt === text ? brokeAt : null };
  }

  override componentDidCatch(): void {
    this.setState({ brokeAt: this.props.text });
  }

  override render(): ReactNode {
    const { text, children } = this.props;
    return this.state.brokeAt === text ? <p className="prose__plain">{text}</p> : children;
  }
}
