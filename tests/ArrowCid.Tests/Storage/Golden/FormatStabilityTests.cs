using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>Numbers and places that files on disk depend on. A line here may be added, never changed.</summary>
public sealed class FormatStabilityTests
{
    [Fact]
    public void Enums_keep_their_numbers()
    {
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], Enum.GetValues<RecordKind>().Select(kind => (int)kind));
        Assert.Equal((1, 2, 3, 4, 5, 6, 7), ((int)RecordKind.Batch, (int)RecordKind.Schema, (int)RecordKind.Raw,
            (int)RecordKind.View, (int)RecordKind.Ref, (int)RecordKind.Fact, (int)RecordKind.Pad));
        Assert.Equal((1, 2, 4), ((int)RecordFlags.OwnEncoder, (int)RecordFlags.Moved, (int)RecordFlags.Unhashed));
        Assert.Equal((1, 2, 3), ((int)SegmentKind.Data, (int)SegmentKind.Facts, (int)SegmentKind.Jumbo));
        Assert.Equal((0, 1, 2, 3, 4), ((int)SegmentState.Free, (int)SegmentState.Creating, (int)SegmentState.Open,
            (int)SegmentState.Sealed, (int)SegmentState.Retired));
    }

    [Theory]
    [InlineData(nameof(RecordHeader.Magic), 0)]
    [InlineData(nameof(RecordHeader.PayloadLength), 8)]
    [InlineData(nameof(RecordHeader.Kind), 16)]
    [InlineData(nameof(RecordHeader.Flags), 18)]
    [InlineData(nameof(RecordHeader.Codec), 20)]
    [InlineData(nameof(RecordHeader.HashCode), 24)]
    [InlineData(nameof(RecordHeader.Crc), 28)]
    [InlineData(nameof(RecordHeader.Digest), 32)]
    [InlineData(nameof(RecordHeader.SchemaDigest), 64)]
    [InlineData(nameof(RecordHeader.Rows), 96)]
    [InlineData(nameof(RecordHeader.Sequence), 104)]
    [InlineData(nameof(RecordHeader.TimeNanoseconds), 112)]
    [InlineData(nameof(RecordHeader.Zeros), 120)]
    [InlineData(nameof(RecordHeader.PreviousCrc), 124)]
    public void Record_header_fields_stay_where_they_are(string field, int offset)
    {
        Assert.Equal(128, Unsafe.SizeOf<RecordHeader>());
        Assert.Equal(offset, Marshal.OffsetOf<RecordHeader>(field).ToInt32());
    }

    [Fact]
    public void Shared_words_keep_their_bits()
    {
        var word = new TableWord(SegmentState.Sealed, 0x21, 0xabcde, 0x12345678);
        Assert.Equal(0x321abcde12345678ul, word.Bits);
        Assert.Equal((SegmentState.Sealed, 0x21, 0xabcdeL << 20, 0x12345678u),
            (word.State, word.Lane, word.Bytes, word.Generation));
        var entry = new IndexEntry(0xfedcba9876543210, 0x4321, 0x5678, 0x3fffffc0);
        Assert.Equal(0xfed4321678ffffffu, entry.Bits);
        Assert.Equal((0x4321, 0x678u, 0x3fffffc0L), (entry.Slot, entry.Generation, entry.Offset));
        Assert.Equal(0x0000000200000003ul, new IndexPair(3, 2).Bits);
    }

    [Fact]
    public void Control_file_places_stay_where_they_are()
    {
        Assert.Equal((4096L, 8192L, 139264L, 155648L),
            (StoreLayout.WordsOffset, StoreLayout.ParticipantsOffset, StoreLayout.LanesOffset, StoreLayout.TableOffset));
        Assert.Equal((4096L, 4224L, 4352L, 4480L, 4608L, 4736L, 4864L), (StoreLayout.IndexWord, StoreLayout.SegmentOrder,
            StoreLayout.PressureWord, StoreLayout.ClockWord, StoreLayout.SweepWord, StoreLayout.FaultedWord, StoreLayout.CleanStamp));
        Assert.Equal((1L << 40, 1L << 41, (1L << 41) + 1, (1L << 41) + 4096, 1L << 42), (StoreLayout.ParticipantLock,
            StoreLayout.JanitorLock, StoreLayout.PresenceLock, StoreLayout.LaneLock, StoreLayout.NameLock));
        Assert.Equal(172032, StoreLayout.ControlBytes(256));
        Assert.Equal(4096 + (65536 * 8) + 4096, StoreLayout.IndexBytes(65536));
        Assert.Equal("seg-0003-0000002a", StoreLayout.SegmentName(3, 42));
    }

    [Fact]
    public void The_checksum_is_CRC32C()
    {
        // Of 32 bytes 0 to 31: RFC 3720, B.4.
        byte[] bytes = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        Assert.Equal(0x46dd794eu, StoreLayout.Crc(bytes));
    }

    [Fact]
    public void A_header_that_fits_any_other_place_is_none()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        Digest256 digest = store.PutRaw([1]);
        byte[] file = File.ReadAllBytes(directory.PathOf("seg-0000-00000001"));
        ulong nonce = SegmentHeader.Read(file.AsSpan(0, 2048))!.Nonce;
        byte[] bytes = file.AsSpan(4096, 128).ToArray();
        Assert.True(RecordHeader.TryParse(bytes, nonce, 4096, file.Length, out RecordHeader header));
        Assert.Equal(digest, header.Digest);
        Assert.False(RecordHeader.TryParse(file.AsSpan(4096, 128).ToArray(), nonce, 8192, file.Length, out _));
        Assert.False(RecordHeader.TryParse(file.AsSpan(4096, 128).ToArray(), nonce + 1, 4096, file.Length, out _));
        for (int bit = 0; bit < 128 * 8; bit++)
        {
            byte[] copy = file[4096..4224];
            copy[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(RecordHeader.TryParse(copy, nonce, 4096, file.Length, out _), $"bit {bit}");
        }
    }
}
