namespace ArrowCid.Registry;

/// <summary>Facts that one handle said at one time.</summary>
internal sealed record FactGroup(FactStamp Stamp, Fact[] Facts);
