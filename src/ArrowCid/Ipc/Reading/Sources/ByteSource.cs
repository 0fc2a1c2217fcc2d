namespace ArrowCid.Ipc;

/// <summary>Where a reader's bytes come from: memory that is borrowed, or a stream that is read once.</summary>
internal abstract class ByteSource : IDisposable
{
    private byte[] _metadata = [];

    /// <summary>Bytes taken so far.</summary>
    public long Position { get; protected set; }

    /// <summary>Fills as much of the target as there are bytes.</summary>
    /// <returns>The bytes read; fewer than asked for only at the end.</returns>
    public abstract int Read(Span<byte> target);

    /// <summary>The next bytes of a body: borrowed where the source is memory, else an array of their own.</summary>
    /// <returns>Exactly <paramref name="count"/> bytes, or fewer at the end.</returns>
    public abstract ReadOnlyMemory<byte> ReadBody(int count);

    /// <summary>Passes bytes unseen.</summary>
    /// <returns>Whether all of them were there.</returns>
    public bool Skip(long count)
    {
        Span<byte> passed = stackalloc byte[512];
        while (count > 0)
        {
            int read = Read(passed[..(int)Math.Min(count, passed.Length)]);
            if (read == 0) return false;
            count -= read;
        }

        return true;
    }

    /// <summary>The next bytes as an array of their own.</summary>
    protected ReadOnlyMemory<byte> ReadGrowing(int count)
    {
        // A length is only a claim until its bytes have come: space grows with them.
        const int FirstStep = 1 << 20;
        byte[] body = GC.AllocateUninitializedArray<byte>(Math.Min(count, FirstStep));
        int have = Read(body);
        while (have == body.Length && have < count)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(count, 2L * body.Length));
            body.AsSpan(0, have).CopyTo(larger);
            body = larger;
            have += Read(body.AsSpan(have));
        }

        return body.AsMemory(0, have);
    }

    /// <summary>A private copy of the next bytes, valid until the next call: others may write mapped memory.</summary>
    public ReadOnlySpan<byte> ReadMetadata(int count)
    {
        const int FirstStep = 1 << 16;
        int have = 0;
        while (have < count)
        {
            int step = Math.Min(count - have, Math.Max(have, FirstStep));
            if (_metadata.Length < have + step) Array.Resize(ref _metadata, have + step);
            int read = Read(_metadata.AsSpan(have, step));
            have += read;
            if (read < step) break;
        }

        return _metadata.AsSpan(0, have);
    }

    public abstract void Dispose();
}
