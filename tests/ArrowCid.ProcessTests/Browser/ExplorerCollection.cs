namespace ArrowCid.ProcessTests.Browser;

/// <summary>Tests that share one browser.</summary>
[CollectionDefinition(Name)]
public sealed class ExplorerCollection : ICollectionFixture<ExplorerBrowser>
{
    public const string Name = "explorer";
}
