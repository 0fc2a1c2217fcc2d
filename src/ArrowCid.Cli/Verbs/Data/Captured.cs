namespace ArrowCid.Cli.Verbs;

/// <summary>What a process prints: passed on as it comes, and kept.</summary>
/// <param name="most">The most bytes that are kept.</param>
internal sealed class Captured(int most) : IDisposable
{
    private readonly MemoryStream _kept = new();
    private bool _isGone;

    /// <summary>Whether there was more than is kept.</summary>
    public bool IsCut { get; private set; }

    /// <summary>What is kept.</summary>
    public ReadOnlyMemory<byte> Bytes => _kept.GetBuffer().AsMemory(0, (int)_kept.Length);

    /// <summary>Passes on what comes, to its end. A reader that has seen enough does not end the capture.</summary>
    public async Task CopyAsync(Stream from, Stream to)
    {
        var buffer = new byte[1 << 16];
        while (await from.ReadAsync(buffer).ConfigureAwait(false) is > 0 and int read)
        {
            IsCut |= _kept.Length + read > most;
            if (!IsCut) _kept.Write(buffer, 0, read);
            if (_isGone) continue;
            try
            {
                await to.WriteAsync(buffer.AsMemory(0, read)).ConfigureAwait(false);
                await to.FlushAsync().ConfigureAwait(false);
            }
            catch (IOException)
            {
                _isGone = true;
            }
        }
    }

    public void Dispose() => _kept.Dispose();
}
