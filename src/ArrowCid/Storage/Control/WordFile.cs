using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>A derived file that all processes of a store map: a header, then words that are read and written whole,
/// without a lock. It only saves work, so that one that cannot be made or mapped is no error.</summary>
internal static class WordFile
{
    private const int CrcOffset = 2040;
    private const int HeaderBytes = CrcOffset + sizeof(ulong);

    /// <summary>Maps the file if its header is the one that it should have.</summary>
    /// <param name="control">The store.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="wordsAt">The offset of the first word.</param>
    /// <param name="writeHeader">Writes the header for a number of words.</param>
    /// <returns>Null where there is no such file, or it is another store's or damaged.</returns>
    public static Mapping? TryMap(ControlFile control, string name, long wordsAt,
        Action<Span<byte>, long> writeHeader)
    {
        using FileDescriptor? file = control.DirectoryFile.TryOpenFile(name, writable: true, out _);
        if (file is null || file.Stat(out FileStatus status) != 0 || status.Size < wordsAt) return null;
        Mapping? map = Mapping.TryMap(file, status.Size, writable: true, out _);
        if (map is null) return null;
        Span<byte> header = stackalloc byte[HeaderBytes], expected = stackalloc byte[HeaderBytes];
        map.CopyTo(0, header);
        Write(expected, (status.Size - wordsAt) / sizeof(ulong), writeHeader);
        if (header.SequenceEqual(expected)) return map;
        map.Dispose();
        return null;
    }

    /// <summary>Makes the file with words of zero, in place of one that is there. If two processes do so at once, the
    /// words of one are lost.</summary>
    /// <param name="control">The store.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="wordsAt">The offset of the first word.</param>
    /// <param name="words">The number of words.</param>
    /// <param name="writeHeader">Writes the header for a number of words.</param>
    /// <returns>Null where there is no space.</returns>
    public static Mapping? TryMake(ControlFile control, string name, long wordsAt, long words,
        Action<Span<byte>, long> writeHeader) =>
        TryMake(control, name, wordsAt + (words * sizeof(ulong)),
            map => Write(map.WritableBytes(0, HeaderBytes), words, writeHeader));

    /// <summary>Makes a mapped file whole under another name, then names it.</summary>
    /// <param name="control">The store.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="fill">Writes what is not zero.</param>
    /// <returns>Null where there is no space.</returns>
    public static Mapping? TryMake(ControlFile control, string name, long bytes, Action<Mapping> fill)
    {
        string temporary = $"{name}{StoreLayout.TemporaryMark}{Guid.NewGuid():n}";
        using FileDescriptor? file = control.DirectoryFile.TryCreateFile(temporary, out _);
        if (file is null) return null;
        Mapping? map = null;
        if (file.Allocate(bytes) == 0) map = Mapping.TryMap(file, bytes, writable: true, out _);
        if (map is not null)
        {
            fill(map);
            if (control.DirectoryFile.Rename(temporary, name) == 0) return map;
            map.Dispose();
        }

        _ = control.DirectoryFile.Unlink(temporary);
        return null;
    }

    private static void Write(Span<byte> header, long words, Action<Span<byte>, long> writeHeader)
    {
        header.Clear();
        writeHeader(header, words);
        BinaryPrimitives.WriteUInt32LittleEndian(header[CrcOffset..], StoreLayout.Crc(header[..CrcOffset]));
    }
}
