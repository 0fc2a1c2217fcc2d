namespace ArrowCid.Cli.Verbs;

/// <summary>A format that <c>import</c> reads, told by how a file begins.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Begins">Whether a file that begins so is of this format.</param>
/// <param name="Read">Puts what the file holds; the stream can seek and is at its start.</param>
internal sealed record ImportFormat(string Name, Func<byte[], bool> Begins, Action<ImportRun, Stream, string> Read)
{
    /// <summary>The number of bytes of a file that are examined.</summary>
    public const int LookBytes = 64;
}
