using System.Buffers;
using System.Text;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Inputs;

/// <summary>Tells what a file is by its first bytes, so that one that is not Arrow is refused by the name of its
/// format. Nothing of such a file is read further.</summary>
internal static class FileKind
{
    /// <summary>The bytes that are enough to tell.</summary>
    public const int LookBytes = BatchFile.LookBytes;

    /// <summary>The bytes that are enough to recognize Arrow.</summary>
    public const int ArrowBytes = BatchFile.ArrowBytes;

    private const int MostLegacyMetadata = 1 << 26;
    private const int TarMagicAt = 257;

    private static readonly (byte[] Magic, string Name, string Advice)[] s_binary =
    [
        ([0x1f, 0x8b], "gzip-compressed data", "decompress it first, with 'gunzip' for example"),
        ("BZh"u8.ToArray(), "bzip2-compressed data", "decompress it first"),
        ([0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0], "xz-compressed data", "decompress it first"),
        ([0x28, 0xb5, 0x2f, 0xfd], "Zstandard-compressed data", "decompress it first, with 'unzstd' for example"),
        ([0x04, 0x22, 0x4d, 0x18], "LZ4-compressed data", "decompress it first"),
        ([0xff, 0x06, 0, 0, (byte)'s', (byte)'N', (byte)'a', (byte)'P', (byte)'p', (byte)'Y'],
            "Snappy-compressed data", "decompress it first"),
        ([(byte)'P', (byte)'K', 3, 4], "a zip archive (.zip, .npz, .xlsx)", "unpack it first"),
        ([(byte)'P', (byte)'K', 5, 6], "an empty zip archive", "name a file of Arrow data"),
        ([(byte)'7', (byte)'z', 0xbc, 0xaf], "a 7z archive", "unpack it first"),
        ("FEA1"u8.ToArray(), "a Feather V1 file", "write it again as Feather V2, which is an Arrow file"),
        ("PARE"u8.ToArray(), "an encrypted Parquet file", "decrypt it first"),
        ("ORC"u8.ToArray(), "an ORC file", "convert it to Parquet or Arrow first"),
        ([(byte)'O', (byte)'b', (byte)'j', 1], "an Avro file", "convert it to Parquet or Arrow first"),
        ([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'], "a NumPy array (.npy)",
            "convert it first, with pyarrow.array(numpy.load(…)) for example"),
        ([0x89, (byte)'H', (byte)'D', (byte)'F'], "an HDF5 file", "convert it to Arrow first"),
        ("SQLite format 3\0"u8.ToArray(), "a SQLite database", "export its tables first"),
        ([0x89, (byte)'P', (byte)'N', (byte)'G'], "a PNG image", "name a file of Arrow data"),
        ([0xff, 0xd8, 0xff], "a JPEG image", "name a file of Arrow data"),
        ("%PDF-"u8.ToArray(), "a PDF document", "name a file of Arrow data"),
        ([0x7f, (byte)'E', (byte)'L', (byte)'F'], "an ELF program or library", "name a file of Arrow data"),
    ];

    /// <summary>Whether bytes begin as an Arrow file or stream does, in its present form or that of before
    /// 0.15.</summary>
    public static bool IsArrow(ReadOnlySpan<byte> start)
    {
        if (start.Length < ArrowBytes) return false;
        if (start.StartsWith("ARROW1"u8) || start.StartsWith<byte>([0xff, 0xff, 0xff, 0xff])) return true;
        int length = BitConverter.ToInt32(start), root = BitConverter.ToInt32(start[4..]);
        return length is 0 || (length is > 0 and <= MostLegacyMetadata && root >= 4 && root < length);
    }

    /// <summary>Whether bytes begin as Parquet does.</summary>
    public static bool IsParquet(ReadOnlySpan<byte> start) => start.StartsWith("PAR1"u8);

    /// <summary>The refusal of a file by what it is; null where it may be Arrow, or is of no known format.</summary>
    /// <param name="start">Its first bytes.</param>
    /// <param name="takes">The formats that the verb reads.</param>
    public static ArrowCidException? Refusal(ReadOnlySpan<byte> start, Takes takes)
    {
        if (IsArrow(start)) return null;
        if (start.IsEmpty) return Of("the file is empty; even a stream without rows has a schema");
        if (IsParquet(start) && !takes.HasFlag(Takes.Parquet))
            return Of("this is a Parquet file, and this verb reads Arrow alone; 'diff' and 'put' read Parquet");
        return Binary(start) ?? (IsCar(start) ? Of("this is a CAR file, not Arrow; 'import' reads it") : null)
            ?? Text(start, takes);
    }

    /// <summary>The refusal of a file whose name says that it is text.</summary>
    public static ArrowCidException? RefusalOfText(ReadOnlySpan<byte> start)
    {
        if (Binary(start) is { } refused) return refused;
        return start.StartsWith("PAR1"u8) ? Of("this is a Parquet file, not text; name it .parquet")
            : start.StartsWith("ARROW1"u8)
                ? Of("this is an Arrow file, not text; name it .arrow, or say --format arrow")
            : IsUtf16(start) ? Utf16()
            : null;
    }

    private static ArrowCidException? Binary(ReadOnlySpan<byte> start)
    {
        foreach ((byte[] magic, string name, string advice) in s_binary)
        {
            if (start.StartsWith(magic)) return Of($"this is {name}, not Arrow; {advice}");
        }

        if (IsPickle(start))
            return Of("this is a Python pickle, not Arrow; load it in Python and write Arrow from there");
        return start.Length > TarMagicAt + 5 && start[TarMagicAt..].StartsWith("ustar"u8)
            ? Of("this is a tar archive, not Arrow; unpack it first")
            : null;
    }

    /// <summary>Protocol 2 to 5: the protocol's number, and then an opcode that a pickle may begin with.</summary>
    private static bool IsPickle(ReadOnlySpan<byte> start) => start is [0x80, 2 or 3 or 4 or 5, ..]
        && (start.Length < 3 || start[2] is 0x95 or (byte)'}' or (byte)']' or (byte)')' or (byte)'c' or (byte)'X'
            or (byte)'K' or (byte)'M' or (byte)'J' or (byte)'G' or (byte)'(' or (byte)'N' or (byte)'C' or 0x8c);

    /// <summary>CAR version 2, or a header of version 1: a length, and a map with the key "roots".</summary>
    private static bool IsCar(ReadOnlySpan<byte> start) =>
        start.StartsWith<byte>([0x0a, 0xa1, 0x67]) || (start.Length > 10 && start[..10].IndexOf("roots"u8) > 0);

    private static ArrowCidException? Text(ReadOnlySpan<byte> start, Takes takes)
    {
        if (IsUtf16(start)) return Utf16();
        if (!IsUtf8Text(start)) return null;
        ReadOnlySpan<byte> text = start.StartsWith<byte>([0xef, 0xbb, 0xbf]) ? start[3..] : start;
        text = text.TrimStart(" \t\r\n"u8);
        bool rows = takes.HasFlag(Takes.Rows);
        if (text.StartsWith("{"u8) || text.StartsWith("["u8))
        {
            return Of("this is JSON, not Arrow" + (rows
                ? "; say --format json where each line is one object"
                : "; this verb reads Arrow alone"));
        }

        if (text.StartsWith("<"u8)) return Of("this is XML or HTML, not Arrow; name a file of Arrow data");
        return Of("this is plain text, not Arrow" + (rows
            ? "; say --format csv where it is CSV"
            : "; this verb reads Arrow alone"));
    }

    private static bool IsUtf16(ReadOnlySpan<byte> start) =>
        start.Length >= 4 && (start is [0xff, 0xfe, ..] or [0xfe, 0xff, ..]);

    private static ArrowCidException Utf16() => Of("this is UTF-16 text; convert it to UTF-8 first");

    private static bool IsUtf8Text(ReadOnlySpan<byte> start)
    {
        while (!start.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(start, out Rune rune, out int length);
            // The last character may be cut by the end of what was looked at.
            if (status == OperationStatus.NeedMoreData) return true;
            if (status != OperationStatus.Done) return false;
            if (Rune.IsControl(rune) && rune.Value is not ('\t' or '\n' or '\r' or '\f' or 0x1b)) return false;
            start = start[length..];
        }

        return true;
    }

    private static ArrowCidException Of(string message) => new(ErrorCode.InvalidData, message);
}
