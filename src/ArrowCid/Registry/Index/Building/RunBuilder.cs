using System.Diagnostics;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>
/// Takes in a part of the log and writes it as one run. It holds what it took in as bytes, without an object a block or
/// a fact, and is full at a bound; what is said twice is folded when it is written.
/// </summary>
internal sealed class RunBuilder
{
    /// <summary>The number of blocks of the log that are folded into one run.</summary>
    public const int MaxBlocks = 1 << 20;

    private const int MaxBytes = 192 << 20;
    private const int MaxFaults = 100;
    private const int HeadBytes = sizeof(int) + Digest256.ByteCount;

    private readonly RunBuffer _items = new(1 << 16);
    private readonly Dictionary<string, NameLog> _names = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];
    private ulong[] _prefixes = new ulong[1024];
    private int[] _places = new int[1024];
    private int _count;
    private int _open = -1;
    private bool _hasCodec;
    private ulong _maxTime;
    private long _records, _facts, _faultCount;
    private bool _hasDrops;

    public bool IsFull => _count >= MaxBlocks || _items.Length >= MaxBytes;

    public bool IsEmpty => _count == 0 && _names.Count == 0;

    /// <summary>What was counted, with what was counted before.</summary>
    public IndexTotals Totals(IndexTotals before) => new(Math.Max(before.MaxTime, _maxTime), before.Records + _records,
        before.Facts + _facts, before.FaultCount + _faultCount, before.HasDrops || _hasDrops,
        [.. before.Faults.Concat(_faults).Take(MaxFaults)]);

    public void AddFault(string fault)
    {
        _faultCount++;
        Debug.Assert(_faults.Count <= Math.Min(_faultCount, MaxFaults));
        if (_faults.Count < MaxFaults) _faults.Add(fault);
    }

    /// <summary>A block was put or announced again.</summary>
    public void Announce(in RecordHeader record, int lane)
    {
        Begin(in record.Digest, null);
        PageItems.WriteAnnounced(_items, lane, record.Sequence, record.TimeNanoseconds);
        if (RegistryState.PutOf(in record) is { } put) PageItems.WritePut(_items, put);
        End();
    }

    /// <summary>Takes in a record of facts.</summary>
    public void Apply(ReadOnlySpan<byte> payload, ulong recordNanoseconds, int lane, ulong sequence)
    {
        _records++;
        (int count, int length, long facts, ulong maxTime) = (_count, _items.Length, _facts, _maxTime);
        // The facts of one record are not joined to those of another, so that they can be taken back.
        _open = -1;
        if (FactScan.TryRead(payload, recordNanoseconds, this)) return;
        (_count, _facts, _maxTime, _open) = (count, facts, maxTime, -1);
        _items.TakeBack(length);
        Debug.Assert(_items.Length == length && _count <= _places.Length);
        List<FactGroup> groups = FactReader.Read(payload, recordNanoseconds,
            fault => AddFault($"lane {lane}, record {sequence}: {fault}"));
        foreach (FactGroup group in groups)
        {
            NoteTime(group.Stamp.Time);
            foreach (Fact fact in group.Facts) Apply(group.Stamp, fact);
        }
    }

    public void NoteTime(ulong time) => _maxTime = Math.Max(_maxTime, time);

    /// <summary>Begins the facts of a block; items are written to the returned buffer, then <see
    /// cref="End"/>.</summary>
    public RunBuffer BeginFact(in Digest256 digest, ulong codec)
    {
        _facts++;
        Begin(in digest, codec);
        return _items;
    }

    public void End()
    {
        Debug.Assert(_open >= 0 && _items.Length - _open >= HeadBytes, "facts of a block were begun");
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(_items.At(_open, 4), _items.Length - _open);
    }

    /// <summary>Writes the run.</summary>
    /// <returns>The run's bytes.</returns>
    public long Write(Stream output, Guid store, ulong number)
    {
        Sort();
        var writer = new RunWriter(output, _count);
        var keys = new SecondaryKeys(_count);
        var joined = new RunBuffer();
        writer.Begin(IndexKind.Cid);
        for (int i = 0; i < _count;)
        {
            Digest256 digest = DigestAt(i);
            Debug.Assert(i == 0 || Compare(DigestAt(i - 1), in digest) < 0, "each digest once, in ascending order");
            Debug.Assert(_prefixes[i] == RunFormat.PrefixOf(in digest));
            int next = i + 1;
            while (next < _count && _prefixes[next] == _prefixes[i] && DigestAt(next) == digest) next++;
            ReadOnlySpan<byte> items = Fold(i, next, joined);
            writer.AddToFilter(in digest);
            writer.Add(Digest256.Bytes(in digest), items);
            keys.Begin(in digest);
            PageItems.Keys(items, keys);
            i = next;
        }

        writer.End();
        WriteNames(writer, joined);
        keys.Write(writer);
        return writer.Finish(store, number);
    }

    private static int Compare(Digest256 one, in Digest256 other) =>
        Digest256.Bytes(in one).SequenceCompareTo(Digest256.Bytes(in other));

    private void WriteNames(RunWriter writer, RunBuffer scratch)
    {
        var names = new List<(byte[] Key, NameLog Log)>(_names.Count);
        foreach (NameLog log in _names.Values) names.Add((IpldText.Utf8.GetBytes(log.Name), log));
        names.Sort(static (one, other) => one.Key.AsSpan().SequenceCompareTo(other.Key));
        Debug.Assert(names.Zip(names.Skip(1))
            .All(pair => pair.First.Key.AsSpan().SequenceCompareTo(pair.Second.Key) < 0));
        writer.Begin(IndexKind.Name);
        foreach ((byte[] key, NameLog log) in names)
        {
            Debug.Assert(log.Changes.Count > 0, "a name is known by its changes");
            scratch.Clear();
            NameItems.Write(scratch, log);
            writer.Add(key, scratch.Written);
        }

        writer.End();
    }

    /// <summary>Folds all facts about one block into the valid ones.</summary>
    private ReadOnlySpan<byte> Fold(int from, int to, RunBuffer joined)
    {
        Debug.Assert(from >= 0 && from < to && to <= _count);
        ReadOnlySpan<byte> items = ItemsAt(from);
        if (to > from + 1)
        {
            joined.Clear();
            for (int i = from; i < to; i++) joined.Bytes(ItemsAt(i));
            items = joined.Written;
        }

        return PageItems.ArePlain(items) ? items : Folded(items, joined);
    }

    public static ReadOnlySpan<byte> Folded(ReadOnlySpan<byte> items, RunBuffer to)
    {
        var page = new BlockState();
        PageItems.Read(items, page);
        to.Clear();
        PageItems.Write(to, page);
        return to.Written;
    }

    private void Apply(FactStamp stamp, Fact fact)
    {
        switch (fact)
        {
            case TagsFact tags:
                About(tags.Subject);
                foreach ((string key, string? value) in tags.Tags)
                {
                    PageItems.WriteTag(_items, stamp, IpldText.Utf8.GetBytes(key), value is not null,
                        IpldText.Utf8.GetBytes(value ?? ""));
                }

                End();
                break;
            case ProducerFact producer:
                About(producer.Subject);
                PageItems.WriteProducer(_items, stamp, producer.Producer is not null,
                    IpldText.Utf8.GetBytes(producer.Producer ?? ""));
                End();
                break;
            case ParentsFact parents:
                About(parents.Subject);
                PageItems.WriteParents(_items, stamp, parents.Parents);
                End();
                break;
            case JsonFact json:
                About(json.Subject);
                PageItems.WriteJson(_items, stamp, json.Data);
                End();
                break;
            case LocationsFact locations:
                About(locations.Subject);
                PageItems.WriteLocations(_items, stamp, locations.Locations);
                End();
                break;
            case ExpiryFact expiry:
                About(expiry.Subject);
                PageItems.WriteExpiry(_items, stamp, expiry.Expires);
                End();
                break;
            case CopyFact copy:
                About(copy.Subject);
                PageItems.WriteCopy(_items, stamp, copy.Place, copy.State);
                End();
                break;
            case ResultFact result:
                About(result.Subject);
                PageItems.WriteResult(_items, stamp, result.Value);
                End();
                break;
            case SignedFact signed:
                About(signed.Subject);
                PageItems.WriteSigned(_items, stamp, new SignedPair(signed.Statement, signed.Signature));
                End();
                break;
            case MessageFact message:
                About(message.Subject);
                PageItems.WriteMessage(_items, stamp, message.State);
                End();
                break;
            case ConsumerFact consumer:
                About(consumer.Subject);
                PageItems.WriteConsumer(_items, stamp, consumer.Consumer, consumer.State);
                End();
                break;
            case BeatFact beat:
                About(beat.Subject);
                PageItems.WriteBeat(_items, stamp, beat.Writer, beat.State);
                End();
                break;
            case PinFact pin:
                About(pin.Subject);
                PageItems.WritePin(_items, stamp, pin.IsPinned);
                End();
                break;
            case HoldFact hold: Apply(hold); break;
            case DropFact drop: Apply(drop); break;
            case NameFact name: Apply(stamp, name); break;
        }
    }

    private void Apply(HoldFact hold)
    {
        _facts++;
        foreach (Cid subject in hold.Subjects)
        {
            _ = subject.TryGetSha256(out Digest256 digest);
            Begin(in digest, subject.Codec);
            PageItems.WriteHold(_items, (long)hold.LockByte);
            End();
        }
    }

    private void Apply(DropFact drop)
    {
        _facts++;
        _hasDrops = true;
        foreach (Digest256 digest in drop.Digests)
        {
            Begin(in digest, null);
            PageItems.WriteFence(_items, drop.Horizon);
            End();
        }
    }

    private void Apply(FactStamp stamp, NameFact fact)
    {
        _facts++;
        if (!_names.TryGetValue(fact.Name, out NameLog? log)) _names.Add(fact.Name, log = new NameLog(fact.Name));
        _ = log.Add(new NameRecord(stamp, fact.Target, fact.Previous));
        if (fact.Target is not { } target || !target.TryGetSha256(out Digest256 digest)) return;
        Begin(in digest, null);
        PageItems.WriteName(_items, fact.Name);
        End();
    }

    private void About(Cid subject)
    {
        _ = subject.TryGetSha256(out Digest256 digest);
        _ = BeginFact(in digest, subject.Codec);
    }

    private void Begin(in Digest256 digest, ulong? codec)
    {
        if (_open < 0 || new Digest256(_items.At(_open + sizeof(int), Digest256.ByteCount)) != digest)
        {
            if (_count == _places.Length)
            {
                Array.Resize(ref _places, _count * 2);
                Array.Resize(ref _prefixes, _count * 2);
            }

            _open = _items.Length;
            Debug.Assert(_count == 0 || _places[_count - 1] < _open, "facts are laid end to end");
            (_places[_count], _prefixes[_count]) = (_open, RunFormat.PrefixOf(in digest));
            _count++;
            _ = _items.Take(sizeof(int));
            _items.Digest(in digest);
            _hasCodec = false;
        }

        if (codec is not { } said || _hasCodec) return;
        PageItems.WriteCodec(_items, said);
        _hasCodec = true;
    }

    /// <summary>Sorts by digest, keeping the order of the facts about one block.</summary>
    private void Sort()
    {
        Debug.Assert(_count <= _places.Length && _places.Length == _prefixes.Length);
        Array.Sort(_prefixes, _places, 0, _count);
        for (int i = 0; i < _count;)
        {
            int next = i + 1;
            while (next < _count && _prefixes[next] == _prefixes[i]) next++;
            if (next > i + 1)
            {
                _places.AsSpan(i, next - i).Sort((one, other) =>
                {
                    int order = _items.At(one + sizeof(int), Digest256.ByteCount)
                        .SequenceCompareTo(_items.At(other + sizeof(int), Digest256.ByteCount));
                    return order != 0 ? order : one.CompareTo(other);
                });
            }

            i = next;
        }
    }

    private Digest256 DigestAt(int i) => new(_items.At(_places[i] + sizeof(int), Digest256.ByteCount));

    private ReadOnlySpan<byte> ItemsAt(int i)
    {
        int length = System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(_items.At(_places[i], 4));
        Debug.Assert(i < _count && length >= HeadBytes);
        return _items.At(_places[i] + HeadBytes, length - HeadBytes);
    }
}
