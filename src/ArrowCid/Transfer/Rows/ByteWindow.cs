using System.Text;
using System.Text.Unicode;

namespace ArrowCid.Transfer;

/// <summary>
/// The part of a text's bytes that is looked at: it slides forward, and grows with the longest row. Knows the line in
/// which it begins.
/// </summary>
internal sealed class ByteWindow(Stream stream)
{
    /// <summary>Bytes of a row at most.</summary>
    public const int MostRowBytes = 1 << 30;

    private const int FirstBytes = 1 << 17;

    private byte[] _bytes = new byte[FirstBytes];
    private bool _isBegun;

    /// <summary>The first byte of the row.</summary>
    public int Start { get; private set; }

    /// <summary>What was read ends here.</summary>
    public int End { get; private set; }

    /// <summary>Whether nothing follows.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>The line of <see cref="Start"/>, from 1.</summary>
    public long Line { get; private set; } = 1;

    public ReadOnlySpan<byte> From(int start) => _bytes.AsSpan(start, End - start);

    public ReadOnlySpan<byte> Slice(int start, int length) => _bytes.AsSpan(start, length);

    public byte this[int at] => _bytes[at];

    /// <summary>Continues after the bytes examined.</summary>
    public void MoveTo(int next)
    {
        Line += _bytes.AsSpan(Start, next - Start).Count((byte)'\n');
        Start = next;
    }

    /// <summary>Skips a byte order mark, once.</summary>
    public void Begin()
    {
        if (_isBegun) return;
        _isBegun = true;
        while (End < 3 && !IsAtEnd) Refill();
        ReadOnlySpan<byte> all = From(0);
        if (all.StartsWith("\uFEFF"u8)) Start = 3;
        else if (all.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || all.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
            throw At(0, "this is UTF-16; convert it to UTF-8");
    }

    /// <summary>Reads on. Places move: they are counted again from <see cref="Start"/>.</summary>
    public void Refill()
    {
        if (Start > 0)
        {
            From(Start).CopyTo(_bytes);
            (Start, End) = (0, End - Start);
        }

        if (End == _bytes.Length)
        {
            if (End >= MostRowBytes)
                throw At(Start, $"a row of more than {MostRowBytes} bytes", ErrorCode.TooLarge);
            Array.Resize(ref _bytes, _bytes.Length * 2);
        }

        try
        {
            int read = stream.Read(_bytes, End, _bytes.Length - End);
            End += read;
            IsAtEnd = read == 0;
        }
        catch (IOException e)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"the input cannot be read: {e.Message}", e);
        }
    }

    /// <summary>A fault at a place of the window.</summary>
    public InvalidTextException At(int place, string rule, ErrorCode code = ErrorCode.InvalidData,
        Exception? inner = null)
    {
        ReadOnlySpan<byte> before = _bytes.AsSpan(Start, Math.Max(0, place - Start));
        ReadOnlySpan<byte> inLine = before[(before.LastIndexOf((byte)'\n') + 1)..];
        int column = 1;
        foreach (byte b in inLine)
        {
            if ((b & 0xC0) != 0x80) column++;
        }

        return new InvalidTextException(rule, Line + before.Count((byte)'\n'), column, code, inner);
    }

    /// <summary>A name or key; it is UTF-8.</summary>
    public string Text(ReadOnlySpan<byte> utf8, int place) => Utf8.IsValid(utf8)
        ? Encoding.UTF8.GetString(utf8)
        : throw At(place, "these bytes are not UTF-8; convert the file");
}
