using System.Text.Json;

namespace ArrowCid.Tests.Peers;

/// <summary>
/// The reference encoder gives the vectors' CIDs, and the checks that hold blocks against other libraries pass its
/// blocks and no others.
/// </summary>
public sealed class ReferenceEncoderTests : IDisposable
{
    // pyarrow reads intervals of months, and of days and milliseconds, but has no Python class for them.
    private static readonly string[] s_beyondPyArrow = ["generated_interval.stream"];

    // What apache-arrow for JavaScript 21.2 cannot read.
    private static readonly string[] s_beyondApacheArrowJs = ["compressed-body", "list-view", "run-end-encoded"];

    private readonly string _folder = Directory.CreateTempSubdirectory("arrowcid-peers-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [PeerFact(Peer.PyArrow)]
    public void The_reference_encoder_agrees_with_all_vectors()
    {
        PeerResult result = Encode(VectorBatch.All);
        Assert.True(result.Errors.Length == 0, result.ToString());
        Assert.Equal(
            VectorBatch.All.Select(b => $"{b.Cid} {b.Name}").Order(StringComparer.Ordinal),
            result.Lines.Select(l => l.Split(' ', 4)).Select(p => $"{p[0]} {p[3]}").Order(StringComparer.Ordinal));
    }

    [PeerFact(Peer.PyArrow)]
    public void The_first_vector_is_canonical_and_a_stream_by_another_writer_is_not()
    {
        string script = "interop/python/canonical.py";
        string data = Path.Combine(AppContext.BaseDirectory, "Data");
        PeerResult right = PeerProcess.Python(script, "check", Path.Combine(data, "vectors/v1.arrows"));
        Assert.True(right.ExitCode == 0, right.ToString());
        string twin = Path.Combine(data, "vectors/twins/numbers.plain.arrows");
        PeerResult wrong = PeerProcess.Python(script, "check", twin);
        Assert.True(wrong.ExitCode == 1, wrong.ToString());
        Assert.Equal([$"not canonical: {twin}"], wrong.Lines);
    }

    [PeerFact(Peer.PyArrow)]
    public void The_pyarrow_check_passes_the_reference_blocks()
    {
        List<VectorBatch> batches = ReadableVectors();
        Encode(batches);
        PeerResult result = PeerProcess.Python("interop/python/check_blocks.py", Manifest(batches, b => b.Cid));
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal([$"{batches.Count} same, 0 cannot, 0 different"], result.Lines);
    }

    [PeerFact(Peer.PyArrow, Peer.ApacheArrowJs)]
    public void The_JavaScript_check_passes_the_reference_blocks()
    {
        List<VectorBatch> batches = ReadableVectors();
        Encode(batches);
        PeerResult result = PeerProcess.Node("interop/node/check-blocks.mjs", Manifest(batches, b => b.Cid));
        Assert.True(result.ExitCode == 0, result.ToString());
        string[] cannot = result.Lines[..^1];
        Assert.Equal(
            s_beyondApacheArrowJs, cannot.Select(l => l.Split(' ')[1]).Distinct().Order(StringComparer.Ordinal));
        Assert.True(cannot.Length < batches.Count / 4, result.ToString());
        Assert.Equal($"{batches.Count - cannot.Length} same, {cannot.Length} cannot, 0 different", result.Lines[^1]);
    }

    // Goal: the checks are not blind. Method: each batch of a file is held against the block of another batch of the
    // same file, so that only values can differ, and every one must be called different.
    [PeerFact(Peer.PyArrow, Peer.ApacheArrowJs)]
    public void The_checks_tell_one_block_from_another()
    {
        List<VectorBatch> all = ReadableVectors();
        Encode(all);
        Dictionary<string, VectorBatch> other = all.GroupBy(b => b.File)
            .Where(g => g.Select(b => b.Cid).Distinct().Count() > 1)
            .ToDictionary(g => g.Key, g => g.First());
        List<VectorBatch> batches = all
            .Where(b => other.TryGetValue(b.File, out VectorBatch? o) && o.Cid != b.Cid)
            .ToList();
        Assert.True(batches.Count > 40, $"{batches.Count} batches");
        string manifest = Manifest(batches, b => other[b.File].Cid);
        PeerResult python = PeerProcess.Python("interop/python/check_blocks.py", manifest);
        Assert.True(python.ExitCode == 1, python.ToString());
        Assert.Equal($"0 same, 0 cannot, {batches.Count} different", python.Lines[^1]);
        PeerResult node = PeerProcess.Node("interop/node/check-blocks.mjs", manifest);
        Assert.True(node.ExitCode == 1, node.ToString());
        Assert.StartsWith("0 same, ", node.Lines[^1], StringComparison.Ordinal);
    }

    private static bool IsBeyondPyArrow(VectorBatch batch) => s_beyondPyArrow.Contains(Path.GetFileName(batch.File));

    private static List<VectorBatch> ReadableVectors() => VectorBatch.All.Where(b => !IsBeyondPyArrow(b)).ToList();

    private PeerResult Encode(IEnumerable<VectorBatch> batches) =>
        PeerProcess.Python(
            ["interop/python/canonical.py", "write", .. batches.Select(b => b.File).Distinct(), _folder]);

    private string Manifest(IEnumerable<VectorBatch> batches, Func<VectorBatch, string> cidOf)
    {
        string path = Path.Combine(_folder, "manifest.jsonl");
        File.WriteAllLines(path, batches.Select(b =>
            JsonSerializer.Serialize(new { source = b.File, batch = b.Batch, block = cidOf(b) + ".arrows" })));
        return path;
    }
}
