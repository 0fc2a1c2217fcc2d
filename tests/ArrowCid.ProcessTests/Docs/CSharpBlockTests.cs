using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Docs;

/// <summary>The C# in documents compiles against the built assemblies, in one program, and runs.</summary>
public sealed class CSharpBlockTests(BlockWorld world, CSharpBlockProgram program) : IClassFixture<BlockWorld>, IClassFixture<CSharpBlockProgram>
{
    /// <summary>What a block takes for granted, and what shows that it did its work.</summary>
    private static readonly Dictionary<string, (string Before, string After)> s_around = new(StringComparer.Ordinal)
    {
        ["README.md 1"] = ("", "Expect(put.IsNew && px[1] == 101.75 && qty.GetValue(2) == 300 && all.ColumnCount == 2);"),
        ["src/ArrowCid/PACKAGE.md 1"] = ("", "Expect(px.Length == 3);"),
        ["src/ArrowCid.Client/PACKAGE.md 1"] = (
            "string token = File.ReadAllText(\"/dev/shm/arrowcid-$UID/default/serve.token\").Trim();",
            "Expect(fetched!.Cid == put.Cid);"),
        ["src/ArrowCid.Extensions.DependencyInjection/PACKAGE.md 1"] = (Cache, Hosted),
        ["src/ArrowCid.S3/PACKAGE.md 1"] =
            ("Cid cid; using (var first = CidStore.Open(\"/dev/shm/quotes\")) cid = first.Put(batch).Cid;",
            "Expect(block!.Cid == cid && copied.NewBlocks > 0);"),
        ["src/ArrowCid.Server/PACKAGE.md 1"] = ("", "Expect(server.Flight is not null && server.Http is not null);"),
        ["src/docs/guides.md 1"] =
            ("using var store = CidStore.Open(\"/srv/quotes\"); Cid cid = store.Put(batch).Cid;",
            "Expect(consumer.Pending == 0 && channel.Heads[0] == sent);"),
        ["src/docs/guides.md 3"] =
            ("using var store = CidStore.Open(\"/srv/quotes\"); store.Put(batch); using var file = File.Create(\"backup\");",
            "Expect(made.Blocks > 0);"),
        ["src/docs/guides.md 4"] =
            ("using var store = CidStore.Open(\"/srv/quotes\"); Cid cid = store.Put(batch).Cid; BlockBackend copy = store.Transfer.AsBackend();", ""),
        ["src/docs/guides.md 5"] =
            ("", "Expect(alice.Unacknowledged(\"lobby\").Count == 0 && bob.History(\"lobby\").Count == 3);"),
        ["src/docs/logging.md 1"] = (Cache, Hosted),
        ["src/docs/logging.md 2"] = ("var builder = WebApplication.CreateBuilder(args); builder.WebHost.UseUrls(\"http://127.0.0.1:0\");",
            "await app.StartAsync(); Expect(app.Urls.Count == 1); await app.StopAsync();"),
    };

    private const string Cache = "Environment.SetEnvironmentVariable(\"Cache__Directory\", \"/srv/cache\");";

    private const string Hosted =
        "using IHost host = builder.Build(); await host.StartAsync(); Expect(host.Services.GetRequiredService<CidStore>() is not null); await host.StopAsync();";

    [Theory]
    [Document("README.md")]
    [Document("src/ArrowCid/PACKAGE.md")]
    [Document("src/ArrowCid.Client/PACKAGE.md")]
    [Document("src/ArrowCid.Extensions.DependencyInjection/PACKAGE.md")]
    [Document("src/ArrowCid.S3/PACKAGE.md", Programs.Moto)]
    [Document("src/ArrowCid.Server/PACKAGE.md")]
    [Document("src/docs/guides.md")]
    [Document("src/docs/logging.md")]
    public void CSharp_of_a_document_runs(string path)
    {
        string assembly = program.Build(world, Around);
        foreach (CodeBlock block in Documents.BlocksOf(path).Where(block => block.Language == "csharp" && block.NotRun is null))
        {
            CommandResult result = world.Run(null, "dotnet", assembly, KeyOf(block));
            Assert.True(result.ExitCode == 0, $"{block.Place}: {result.Text}\n{result.Errors}");
        }
    }

    private static string KeyOf(CodeBlock block) => $"{block.Document} {block.Number}";

    private static (string Before, string After) Around(CodeBlock block) =>
        s_around.TryGetValue(KeyOf(block), out (string, string) around) ? around : ("", "");
}
