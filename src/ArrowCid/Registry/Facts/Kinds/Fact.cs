namespace ArrowCid.Registry;

/// <summary>One thing that is said. A subject of <c>default</c> is the block that the record is put with.</summary>
internal abstract record Fact(FactKind Kind);
