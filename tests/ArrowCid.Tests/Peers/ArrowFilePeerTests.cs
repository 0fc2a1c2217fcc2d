using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Canonical;
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

    [PeerFact(Peer.PyArrow)]
    public void Pyarrow_reads_compressed_streams_and_files_of_every_vector()
    {
        int count = 0;
        foreach (VectorBatch vector in VectorBatch.All.DistinctBy(each => each.Cid))
        {
            RecordBatch batch = VectorTests.Read(vector);
            foreach (ArrowCompression compression in new[] { ArrowCompression.Lz4, ArrowCompression.Zstd })
                foreach (ArrowFormat format in new[] { ArrowFormat.Stream, ArrowFormat.File })
                {
                    // A file's dictionary gets the entries of all batches, and is refused where an index cannot count them.
                    if (format == ArrowFormat.File && batch.Schema.Fields.Any(field => field.Type is DictionaryType)) continue;
                    string name = $"{vector.Cid}.{compression}.{format}";
                    File.WriteAllBytes(Path.Combine(_folder, name), CompressedWriterTests.Write(compression, format, batch));
                    count++;
                }

            File.WriteAllBytes(Path.Combine(_folder, vector.Cid + ".plain"), CanonicalBlock.Encode(batch).Bytes.ToArray());
        }

        PeerResult result = PeerProcess.Python("-c", """
            import glob, sys, pyarrow as pa, pyarrow.ipc
            count = 0
            for path in glob.glob(sys.argv[1] + "/*.Stream") + glob.glob(sys.argv[1] + "/*.File"):
                plain = pa.ipc.open_stream(path.rsplit(".", 2)[0] + ".plain").read_next_batch()
                reader = pa.ipc.open_stream(path) if path.endswith("Stream") else pa.ipc.open_file(path)
                got = reader.read_next_batch() if path.endswith("Stream") else reader.get_batch(0)
                got.validate()
                assert got.schema.equals(plain.schema, check_metadata=True), path
                assert got.serialize().equals(plain.serialize()), path
                count += 1
            print(count)
            """, _folder);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal([$"{count}"], result.Lines);
        Assert.True(count > 100, $"{count} files");
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
