using System.Diagnostics.CodeAnalysis;
using ArrowCid.Channels;
using ArrowCid.Memory;

namespace ArrowCid;

/// <summary>
/// The position of a reader in a channel: the newest messages that it has read. All before them was read too, so that
/// the position means the same in every store that has the channel. The default value is <see cref="Oldest"/>.
/// </summary>
public readonly struct ChannelCursor : IEquatable<ChannelCursor>
{
    private const int MaxHeads = 512;
    private const string NowText = "now";
    private const string OldestText = "oldest";
    private const string Prefix = "m1.";

    private readonly Digest256[]? _heads;
    private readonly bool _isNow;

    private ChannelCursor(Digest256[]? heads, bool isNow) => (_heads, _isNow) = (heads, isNow);

    /// <summary>The beginning of the channel.</summary>
    public static ChannelCursor Oldest => default;

    /// <summary>After everything that is there when reading begins.</summary>
    public static ChannelCursor Now => new(null, isNow: true);

    internal bool IsNow => _isNow;

    internal IReadOnlyList<Digest256> Heads => _heads ?? [];

    /// <summary>Reads the text of a cursor.</summary>
    /// <param name="text">What <see cref="ToString"/> returned, or <c>oldest</c> or <c>now</c>.</param>
    /// <returns>The cursor.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is something else.</exception>
    public static ChannelCursor Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out ChannelCursor cursor) ? cursor : throw new ArrowCidException(
            ErrorCode.InvalidArgument,
            $"'{Cid.Shorten(text)}' is no cursor of a channel; take 'oldest', 'now', or the text of one that a " +
            "message came with");
    }

    /// <summary>Reads the text of a cursor.</summary>
    /// <param name="text">The text, or null.</param>
    /// <param name="cursor">The cursor, or the default.</param>
    /// <returns>False where the text is no cursor.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out ChannelCursor cursor)
    {
        cursor = default;
        if (text == NowText) cursor = Now;
        if (text is NowText or OldestText) return true;
        if (text is null || text.Length > MaxHeads * Digest256.ByteCount * 2 ||
            !text.StartsWith(Prefix, StringComparison.Ordinal) ||
            !Multibase.TryDecode(Multibase.Base32 + text[Prefix.Length..], out byte[] bytes, out _) ||
            FromBytes(bytes) is not { } read || read.ToString() != text)
        {
            return false;
        }

        cursor = read;
        return true;
    }

    /// <summary>The cursor as text of lower case letters, digits and a dot.</summary>
    /// <returns>What <see cref="Parse"/> reads.</returns>
    public override string ToString()
    {
        if (_isNow) return NowText;
        return _heads is not { Length: > 0 } ? OldestText : Prefix + Multibase.Encode(Multibase.Base32, ToBytes())[1..];
    }

    /// <inheritdoc/>
    public bool Equals(ChannelCursor other) => _isNow == other._isNow && Heads.SequenceEqual(other.Heads);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ChannelCursor other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_isNow, Heads.Count, Heads.Count == 0 ? default : Heads[0]);

    /// <summary>Whether two cursors are the same position.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>True where they are.</returns>
    public static bool operator ==(ChannelCursor left, ChannelCursor right) => left.Equals(right);

    /// <summary>Whether two cursors are different positions.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>True where they are.</returns>
    public static bool operator !=(ChannelCursor left, ChannelCursor right) => !left.Equals(right);

    internal static ChannelCursor Of(IEnumerable<Digest256> heads) => new(MessageBlock.Sorted(heads), isNow: false);

    internal static ChannelCursor? FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % Digest256.ByteCount != 0 || bytes.Length > MaxHeads * Digest256.ByteCount) return null;
        var heads = new Digest256[bytes.Length / Digest256.ByteCount];
        for (int i = 0; i < heads.Length; i++)
            heads[i] = new Digest256(bytes.Slice(i * Digest256.ByteCount, Digest256.ByteCount));
        return Of(heads);
    }

    internal byte[] ToBytes()
    {
        Digest256[] heads = _heads ?? [];
        var bytes = new byte[heads.Length * Digest256.ByteCount];
        for (int i = 0; i < heads.Length; i++) heads[i].CopyTo(bytes.AsSpan(i * Digest256.ByteCount));
        return bytes;
    }
}
