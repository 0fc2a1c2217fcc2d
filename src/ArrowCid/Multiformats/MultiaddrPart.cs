namespace ArrowCid;

/// <summary>A protocol of a multiaddr with its value.</summary>
/// <param name="Protocol">The protocol.</param>
/// <param name="Value">The value as text, without percent encoding; empty where the protocol has none.</param>
internal readonly record struct MultiaddrPart(MultiaddrProtocol Protocol, string Value = "");
