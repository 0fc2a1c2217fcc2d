using System.Text.Json;
using ArrowCid.Ipc;
using ArrowCid.Tests.Canonical;

namespace ArrowCid.Tests.Peers;

/// <summary>Other libraries open every block in place and read the values that they read from where it came.</summary>
public sealed class BlockPeerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("arrowcid-blocks-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [PeerFact(Peer.PyArrow)]
    public void Pyarrow_reads_every_block_as_it_reads_its_source()
    {
        PeerResult result = PeerProcess.Python("interop/python/check_blocks.py", WriteBlocks());
        Check(result, "interval-day-time", "interval-year-month");
    }

    [PeerFact(Peer.ApacheArrowJs)]
    public void Apache_arrow_for_JavaScript_reads_every_block_as_it_reads_its_source()
    {
        PeerResult result = PeerProcess.Node("interop/node/check-blocks.mjs", WriteBlocks());
        Check(result, "compressed-body", "list-view", "run-end-encoded");
    }

    private static void Check(PeerResult result, params string[] beyondPeer)
    {
        Assert.True(result.ExitCode == 0, result.ToString());
        string[] cannot = [.. result.Lines[..^1].Select(line => line.Split(' ', 3)[2]).Distinct()];
        string[] kinds = [.. result.Lines[..^1].Select(line => line.Split(' ')[1]).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(beyondPeer, kinds);
        Assert.True(cannot.Length < VectorBatch.All.Count / 4, result.ToString());
        Assert.Equal($"{VectorBatch.All.Count - cannot.Length} same, {cannot.Length} cannot, 0 different", result.Lines[^1]);
    }

    private string WriteBlocks()
    {
        string manifest = Path.Combine(_folder, "manifest.jsonl");
        File.WriteAllLines(manifest, VectorBatch.All.Select(vector =>
        {
            EncodedBlock block = CanonicalBlock.Encode(VectorTests.Read(vector));
            File.WriteAllBytes(Path.Combine(_folder, $"{block.Cid}.arrows"), block.Bytes.ToArray());
            return JsonSerializer.Serialize(new { source = vector.File, batch = vector.Batch, block = $"{block.Cid}.arrows" });
        }));
        return manifest;
    }
}
