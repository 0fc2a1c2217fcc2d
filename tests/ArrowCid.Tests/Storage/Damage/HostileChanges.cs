using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>What is changed: every shared word, table, header and payload has a kind of its own.</summary>
internal enum HostileKind
{
    Superblock,
    ControlWord,
    Participant,
    LaneSlot,
    TableEntry,
    IndexHeader,
    IndexEntry,
    SegmentHeader,
    SegmentWord,
    RecordHeader,
    RecordMoved,
    Payload,
    WaitPage,
    Anything,
}

/// <summary>One round's changes, drawn from a seed.</summary>
internal sealed class HostileChanges(HostileStore store, Random random)
{
    private static readonly HostileKind[] s_kinds = Enum.GetValues<HostileKind>();

    public HostileKind Kind { get; private set; }

    /// <summary>Whether the checksums over what was changed were made right.</summary>
    public bool IsSealed { get; private set; }

    /// <summary>Only a handle that is opened after the change looks at it.</summary>
    public bool NeedsOpening => Kind is HostileKind.Superblock or HostileKind.IndexHeader or HostileKind.SegmentHeader;

    /// <summary>Whether a payload, or a header that was sealed again, is what was changed: then a lookup without
    /// verification may give other bytes than the digest's.</summary>
    public bool MayMislead => Kind is HostileKind.Payload or HostileKind.RecordMoved or HostileKind.Anything ||
        (Kind == HostileKind.RecordHeader && IsSealed);

    public void Apply()
    {
        Kind = s_kinds[random.Next(s_kinds.Length)];
        // Rounds that open a store cost ten times the others.
        if (NeedsOpening && random.Next(2) == 0) Kind = s_kinds[random.Next(s_kinds.Length)];
        IsSealed = random.Next(2) == 0;
        switch (Kind)
        {
            case HostileKind.Superblock:
                Scatter(StoreLayout.ControlName, 0, random.Next(4) == 0 ? 4096 : 288);
                break;
            case HostileKind.ControlWord:
                Word(StoreLayout.ControlName, StoreLayout.WordsOffset + (random.Next(8) * 128) + (random.Next(2) * 8));
                break;
            case HostileKind.Participant:
                Words(StoreLayout.ControlName, StoreLayout.ParticipantsOffset, 8 * StoreLayout.ParticipantBytes);
                break;
            case HostileKind.LaneSlot:
                Words(StoreLayout.ControlName, StoreLayout.LanesOffset, 3 * StoreLayout.LaneBytes);
                break;
            case HostileKind.TableEntry:
                ChangeTable();
                break;
            case HostileKind.IndexHeader:
                Scatter(Index, 0, 2100);
                break;
            case HostileKind.IndexEntry:
                ChangeIndex();
                break;
            case HostileKind.SegmentHeader:
                Scatter(Segment, 0, random.Next(4) == 0 ? 2048 : 96);
                break;
            case HostileKind.SegmentWord:
                ChangeCommitted();
                break;
            case HostileKind.RecordHeader:
                ChangeRecord();
                break;
            case HostileKind.RecordMoved:
                MoveRecord();
                break;
            case HostileKind.Payload:
                ChangePayload();
                break;
            case HostileKind.WaitPage:
                Words(StoreLayout.WaitName, 0, 128);
                break;
            default:
                string name = Any();
                Scatter(name, 0, Math.Min(store.Good(name).Length, 64 << 10));
                break;
        }

        if (IsSealed && NeedsOpening) Seal();
    }

    private string Index => store.Names.First(name => name.StartsWith("idx", StringComparison.Ordinal));

    private string Segment => store.Records[random.Next(store.Records.Count)].Segment;

    private string Any() => store.Names[random.Next(store.Names.Count)];

    private ulong Telling() => random.Next(6) switch
    {
        0 => ulong.MaxValue,
        1 => 0,
        2 => 1ul << random.Next(64),
        3 => (ulong)random.Next(1 << 21),
        4 => (ulong)random.Next(1 << 14) * 64,
        _ => (ulong)random.NextInt64(),
    };

    private void Word(string name, long at)
    {
        ulong value = random.Next(3) == 0
            ? BinaryPrimitives.ReadUInt64LittleEndian(store.Good(name)[(int)at..]) ^ (1ul << random.Next(64))
            : Telling();
        store.Write64(name, at, value);
    }

    private void Words(string name, long from, int length)
    {
        for (int i = random.Next(1, 4); i > 0; i--) Word(name, from + (random.Next(length / 8) * 8));
    }

    private void Scatter(string name, int from, int length)
    {
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            int at = from + random.Next(length);
            if (random.Next(2) == 0) store.Write(name, at, [(byte)(store.Good(name)[at] ^ (1 << random.Next(8)))]);
            else Word(name, at & ~7);
        }
    }

    private void ChangeTable()
    {
        long slot = random.Next(4) == 0 ? random.Next(256) : random.Next(4);
        long at = StoreLayout.TableOffset + (slot * StoreLayout.TableEntryBytes);
        ulong word = BinaryPrimitives.ReadUInt64LittleEndian(store.Good(StoreLayout.ControlName)[(int)at..]);
        var entry = new TableWord(word);
        switch (random.Next(6))
        {
            case 0:
                store.Write64(StoreLayout.ControlName, at, entry.With((SegmentState)random.Next(16)).Bits);
                break;
            case 1:
                store.Write64(StoreLayout.ControlName, at,
                    new TableWord(entry.State, random.Next(256), random.Next(1 << 20), entry.Generation).Bits);
                break;
            case 2:
                // The same segment twice.
                long other = StoreLayout.TableOffset + (random.Next(8) * StoreLayout.TableEntryBytes);
                store.Write64(StoreLayout.ControlName, other, word);
                break;
            default:
                Word(StoreLayout.ControlName, at + (random.Next(3) * 8));
                break;
        }
    }

    private void ChangeIndex()
    {
        string name = Index;
        ReadOnlySpan<byte> good = store.Good(name);
        int entries = (good.Length - 4096) / 8;
        int At() => 4096 + (random.Next(entries) * 8);
        switch (random.Next(8))
        {
            case 0:
                store.Write(name, 4096, new byte[good.Length - 4096]);
                break;
            case 1:
                byte[] ones = new byte[good.Length - 4096];
                ones.AsSpan().Fill(255);
                store.Write(name, 4096, ones);
                break;
            case 2:
                byte[] shuffled = good[4096..].ToArray();
                ulong[] words = new ulong[entries];
                Buffer.BlockCopy(shuffled, 0, words, 0, shuffled.Length);
                random.Shuffle(words);
                Buffer.BlockCopy(words, 0, shuffled, 0, shuffled.Length);
                store.Write(name, 4096, shuffled);
                break;
            default:
                for (int i = random.Next(1, 30); i > 0; i--)
                {
                    int at = At();
                    ulong from = BinaryPrimitives.ReadUInt64LittleEndian(good[At()..]);
                    ulong value = random.Next(3) switch
                    {
                        0 => from,
                        1 => from ^ (1ul << random.Next(64)),
                        _ => Telling(),
                    };
                    store.Write64(name, at, value);
                }

                break;
        }
    }

    private void ChangeCommitted()
    {
        var (name, offset, header) = store.Records[random.Next(store.Records.Count)];
        ulong value = random.Next(4) switch
        {
            0 => (ulong)offset,
            1 => (ulong)(offset + header.Extent),
            2 => (ulong)random.Next(1 << 14) * 64,
            _ => Telling(),
        };
        store.Write64(name, random.Next(3) == 0 ? StoreLayout.SegmentLastRecord : StoreLayout.SegmentCommitted, value);
    }

    /// <summary>Fields of one record's header, in half of the rounds with a right checksum over them and, at times,
    /// with right links behind it.</summary>
    private void ChangeRecord()
    {
        var (name, offset, _) = store.Records[random.Next(store.Records.Count)];
        byte[] header = store.Read(name, offset, StoreLayout.RecordHeaderBytes);
        for (int i = random.Next(1, 3); i > 0; i--)
        {
            int field = random.Next(16) * 8;
            ulong before = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(field));
            BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(field), random.Next(3) switch
            {
                0 => before ^ (1ul << random.Next(64)),
                1 => before + (ulong)random.Next(-2, 3),
                _ => Telling(),
            });
        }

        if (IsSealed) SealRecord(header, store.Records.Exists(r => r.Segment == name && r.Offset == offset)
            ? BinaryPrimitives.ReadUInt64LittleEndian(store.Good(name)[(int)offset..]) : 0);
        store.Write(name, offset, header);
        if (IsSealed && random.Next(2) == 0) Link(name, offset);
    }

    /// <summary>A record, header and payload, where another one or nothing was, made to fit there.</summary>
    private void MoveRecord()
    {
        var (name, offset, header) = store.Records[random.Next(store.Records.Count)];
        byte[] record = store.Good(name).Slice((int)offset, (int)header.Extent).ToArray();
        (string target, long to, _) = store.Records[random.Next(store.Records.Count)];
        if (random.Next(3) == 0) to += random.Next(40) * 64;
        ulong nonce = BinaryPrimitives.ReadUInt64LittleEndian(store.Good(target)[48..]);
        SealRecord(record.AsSpan(0, StoreLayout.RecordHeaderBytes), nonce ^ (ulong)to);
        store.Write(target, to, record);
        if (IsSealed) Link(target, to);
    }

    private void ChangePayload()
    {
        var (name, offset, header) = store.Records[random.Next(store.Records.Count)];
        if (!header.HasPayload || header.PayloadLength == 0) return;
        byte[] record = store.Good(name).Slice((int)offset, StoreLayout.RecordHeaderBytes + (int)header.PayloadLength)
            .ToArray();
        for (int i = random.Next(1, 4); i > 0; i--)
            record[random.Next(StoreLayout.RecordHeaderBytes, record.Length)] ^= (byte)(1 << random.Next(8));
        if (IsSealed)
        {
            Digest256 digest = Sha256.Hash(record.AsSpan(StoreLayout.RecordHeaderBytes));
            Digest256.Bytes(in digest).CopyTo(record.AsSpan(32));
            SealRecord(record.AsSpan(0, StoreLayout.RecordHeaderBytes), header.Magic);
        }

        store.Write(name, offset, record);
        if (IsSealed) Link(name, offset);
    }

    private static void SealRecord(Span<byte> header, ulong magic)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(header, magic);
        header[28..32].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header[28..], StoreLayout.Crc(header));
    }

    /// <summary>Makes the links behind a changed record right, to the segment's end.</summary>
    private void Link(string name, long offset)
    {
        byte[] changed = store.Read(name, offset, StoreLayout.RecordHeaderBytes);
        uint previous = BinaryPrimitives.ReadUInt32LittleEndian(changed.AsSpan(28));
        foreach (var (segment, at, header) in store.Records)
        {
            if (segment != name || at <= offset) continue;
            byte[] next = store.Read(name, at, StoreLayout.RecordHeaderBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(next.AsSpan(124), previous);
            SealRecord(next, header.Magic);
            store.Write(name, at, next);
            previous = BinaryPrimitives.ReadUInt32LittleEndian(next.AsSpan(28));
        }
    }

    private void Seal()
    {
        if (Kind == HostileKind.Superblock)
        {
            store.Write32(StoreLayout.ControlName, 4092, StoreLayout.Crc(store.Read(StoreLayout.ControlName, 0, 4088)));
            return;
        }

        foreach (string name in store.Names)
        {
            if (name[..3] is not ("idx" or "seg")) continue;
            store.Write32(name, 2040, StoreLayout.Crc(store.Read(name, 0, 2040)));
        }
    }
}
