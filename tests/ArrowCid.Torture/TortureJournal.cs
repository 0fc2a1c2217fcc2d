using System.Text;

namespace ArrowCid.Torture;

/// <summary>
/// What a worker was told that it has done, a line an event, in a file outside of the store. A line is written after
/// the store's word, with one call: killed in between, the worker has promised less than is there. What takes something
/// away, or replaces it, is announced before as well, for it may have happened without a word.
/// </summary>
internal sealed class TortureJournal(string path) : IDisposable
{
    private readonly FileStream _file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, 0);

    public string Path { get; } = path;

    public void Write(string line) => _file.Write(Encoding.ASCII.GetBytes(line + "\n"));

    public void Dispose() => _file.Dispose();

    /// <summary>The whole lines of a journal.</summary>
    public static IEnumerable<string[]> Read(string path)
    {
        if (!File.Exists(path)) yield break;
        string text = File.ReadAllText(path);
        int end = text.LastIndexOf('\n');
        foreach (string line in text[..Math.Max(end, 0)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
            yield return line.Split(' ');
    }
}
