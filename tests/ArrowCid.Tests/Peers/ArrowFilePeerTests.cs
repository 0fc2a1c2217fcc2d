using ArrowCid.Columnar;
using ArrowCid.Tests.Ipc;

namespace ArrowCid.Tests.Peers;

/// <summary>Arrow files (Feather V2) as others read them: batches whose dictionaries differ, in one file.</summary>
public sealed class ArrowFilePeerTests : IDisposable
{
    private const string Sums = "[100, 27, 77] [4950, 3051, 6776]";

    private readonly string _folder = Directory.CreateTempSubdirectory("arrowcid-file-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [PeerFact(Peer.PyArrow)]
    public void Pyarrow_reads_a_file_as_a_file_as_Feather_and_as_a_dataset()
    {
        PeerResult result = PeerProcess.Python("-c", """
            import sys, pyarrow as pa, pyarrow.dataset, pyarrow.feather, pyarrow.ipc
            path = sys.argv[1]
            reader = pa.ipc.open_file(path)
            batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
            for batch in batches: batch.validate(full=True)
            print([len(b) for b in batches], [sum(b.column(0).to_pylist()) for b in batches])
            want = pa.Table.from_batches(batches)
            assert pa.feather.read_table(path).equals(want)
            assert pa.dataset.dataset(path, format="arrow").to_table().equals(want)
            assert len(set(batches[0].column(0).dictionary.to_pylist())) == len(batches[0].column(0).dictionary) == 127
            """, Write());
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal([Sums], result.Lines);
    }

    [PeerFact(Peer.ApacheArrowJs)]
    public void Apache_arrow_for_JavaScript_reads_a_file()
    {
        string script = Path.Combine(_folder, "read.cjs");
        File.WriteAllText(script, $$"""
            const { tableFromIPC } = require({{System.Text.Json.JsonSerializer.Serialize(Path.Combine(PeerProcess.Folder, "node", "node_modules", "apache-arrow"))}});
            const table = tableFromIPC(require("fs").readFileSync(process.argv[2]));
            const sums = table.batches.map(b => [...b].reduce((sum, row) => sum + row.d, 0));
            console.log(`[${table.batches.map(b => b.numRows).join(", ")}] [${sums.join(", ")}]`);
            """);
        PeerResult result = PeerProcess.Node(script, Write());
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal([Sums], result.Lines);
    }

    private string Write()
    {
        string path = Path.Combine(_folder, "coded.arrow");
        using FileStream file = File.Create(path);
        RecordBatch[] batches = [ArrowFileTests.Coded(0, 100), ArrowFileTests.Coded(100, 27), ArrowFileTests.Coded(50, 77)];
        _ = ArrowFileTests.Write(batches, file);
        return path;
    }
}
