namespace ArrowCid.Tests.Columnar.CData;

/// <summary>Tests that count what is exported run one after the other.</summary>
[CollectionDefinition("CData")]
public sealed class CDataCollection;
