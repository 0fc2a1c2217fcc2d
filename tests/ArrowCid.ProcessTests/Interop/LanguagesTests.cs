using System.Diagnostics;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Interop;

/// <summary>One batch has one CID in every language, and each reads where it lies what another put.</summary>
[Collection(NodeCollection.Name)]
public sealed class LanguagesTests(NodeInstallation installation)
{
    [BindingFact("cargo", "node", "npm", "c++", Programs.ApacheArrow, Programs.PyArrow)]
    public void One_batch_put_from_five_languages_has_one_CID_and_each_reads_what_the_others_put()
    {
        using var programs = new TemporaryFolder();
        CLibrary.Compile("cpp/tests/exchange.cpp", programs.PathOf("exchange"));
        (string Name, string[] Exchange)[] languages =
        [
            ("Rust", Rust()),
            ("Node.js", installation.Script("exchange.js")),
            ("C++", [programs.PathOf("exchange")]),
            ("Python", Python("exchange.py")),
        ];
        List<string> cids = [];
        foreach (string first in (string[])["C#", .. languages.Select(language => language.Name)])
        {
            using var folder = new TemporaryFolder(isMemory: true);
            if (first == "C#") cids.Add(Put([], folder.Store, isNew: true));
            foreach ((string name, string[] exchange) in languages.OrderByDescending(language => language.Name == first))
                cids.Add(Put(exchange, folder.Store, isNew: name == first));
            if (first != "C#") cids.Add(Put([], folder.Store, isNew: false));
            using CidStore store = CidStore.Open(folder.Store);
            using BatchLease lease = store.TryGet(Cid.Parse(cids[0]))!;
            long sum = 0;
            foreach (short distance in lease.View.Column<short>("distance").Values) sum += distance;
            foreach ((_, string[] exchange) in languages)
            {
                string[] command = [.. exchange, "read", folder.Store, cids[0], "distance"];
                string[] words = CLibrary.Run("env", command).Exits(0).Text.Split((char[])[' ', '\n'], 3);
                Assert.Equal([cids[0], $"{sum}"], words[..2]);
                Assert.StartsWith($"{folder.Store}/seg-", words[2], StringComparison.Ordinal);
            }
        }

        _ = Assert.Single(cids.Distinct());
    }

    [BindingFact("cargo", "node", "npm", Programs.ApacheArrow)]
    public void A_consumer_in_each_language_reads_what_a_producer_in_the_other_puts()
    {
        _ = Cargo.Run("build", "samples/shared-memory/rust").Exits(0);
        string[] RustSample(string name, string store) =>
            [$"ARROWCID_LIBRARY={CLibrary.File}", Path.Combine(Cargo.Target, "debug", name), store];
        string[] NodeSample(string name, string store) => installation.Script($"{name}.js", store);
        foreach ((Func<string, string, string[]> producer, Func<string, string, string[]> consumer) in
            ((Func<string, string, string[]>, Func<string, string, string[]>)[])[(RustSample, NodeSample), (NodeSample, RustSample)])
        {
            using var folder = new TemporaryFolder(isMemory: true);
            using Process reading = CLibrary.Start("env", consumer("consumer", folder.Store));
            CommandResult put = CLibrary.Run("env", producer("producer", folder.Store)).Exits(0);
            CommandResult read = CLibrary.End(reading, "consumer").Exits(0);
            Samples.Agree(put, read);
            Assert.Equal(10, put.Lines.DistinctBy(line => line.Split(' ')[0]).Count());
        }
    }

    [BindingFact("cargo", "node", "npm", Programs.ApacheArrow)]
    public async Task A_killed_reader_holds_nothing_any_more()
    {
        using var folder = new TemporaryFolder(isMemory: true);
        using CidStore store = CidStore.Open(folder.Store);
        string cid = Put([], folder.Store, isNew: true);
        foreach (string[] command in (string[][])[Rust("hold", folder.Store, cid),
            installation.Script("exchange.js", "hold", folder.Store, cid)])
        {
            using Process holder = CLibrary.Start("env", command);
            try
            {
                Assert.Equal("held", await holder.StandardOutput.ReadLineAsync());
                Assert.Contains(store.Diagnostics.GetSegments(), segment => segment.HeldBy.Contains(holder.Id));
            }
            finally
            {
                holder.Kill();
                await holder.WaitForExitAsync();
            }

            Assert.DoesNotContain(store.Diagnostics.GetSegments(), segment => segment.HeldBy.Contains(holder.Id));
        }
    }

    /// <summary>Puts the flights by a language's exchange, or where that is none by our command, and gives their
    /// CID.</summary>
    private static string Put(string[] exchange, string store, bool isNew)
    {
        // The command's line says the rest too; the exchange's alone say "true" and "false".
        if (exchange.Length == 0)
            return Command.Run("put", Command.Sample, "--store", store).Exits(0).Lines[0].Split(' ')[0];
        CommandResult put = CLibrary.Run("env", [.. exchange, "put", store, Command.Sample]).Exits(0);
        string[] words = Assert.Single(put.Lines).Split(' ');
        Assert.Equal(isNew ? "true" : "false", words[1]);
        return words[0];
    }

    private static string[] Rust(params string[] arguments) =>
        [$"ARROWCID_LIBRARY={CLibrary.File}", Cargo.Exchange, .. arguments];

    private static string[] Python(string script) =>
    [
        $"PYTHONPATH={CLibrary.PathOf("python")}", $"ARROWCID_LIBRARY={CLibrary.File}", "sh",
        CLibrary.PathOf("peers/python"), CLibrary.PathOf($"python/tests/{script}"),
    ];
}
