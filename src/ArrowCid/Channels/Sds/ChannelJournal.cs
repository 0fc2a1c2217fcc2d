using System.Buffers.Binary;
using System.Numerics;
using ArrowCid.Ipld;

namespace ArrowCid.Channels.Sds;

/// <summary>
/// The changes of a channel on their way to its storage. Each operation ends with <see cref="Flush"/>, which appends
/// one frame: its length and CRC-32C as 32-bit little-endian numbers, and the changes. What could not be appended
/// goes with the next frame; where that becomes too much, the next flush replaces all by a snapshot.
/// </summary>
internal sealed class ChannelJournal(ISdsStorage? storage, string channelId)
{
    private const int HeaderBytes = 8, MaxPending = 16 << 20, MinCompaction = 1 << 20, Growth = 4;

    private readonly ProtobufWriter _changes = new();
    private readonly ProtobufWriter _pending = new();
    private long _stored, _base;
    private bool _needsSnapshot;

    /// <summary>Whether changes are recorded: there is a storage, and they do not come from it.</summary>
    public bool IsRecording { get; private set; }

    /// <summary>How many bytes wait for a storage that failed.</summary>
    public int Pending => _pending.Length;

    public void Number(ChangeField field, ulong value)
    {
        if (IsRecording) _changes.Varint((int)field, value);
    }

    public void Text(ChangeField field, string value)
    {
        if (IsRecording) _changes.Text((int)field, value);
    }

    public void Bytes(ChangeField field, ReadOnlySpan<byte> value)
    {
        if (IsRecording) _changes.Bytes((int)field, value);
    }

    /// <summary>Reads what is stored, and begins to record.</summary>
    /// <param name="apply">Takes the changes of each frame.</param>
    /// <exception cref="ArrowCidException">What is stored is damaged, or cannot be read.</exception>
    public void Load(Action<ReadOnlyMemory<byte>> apply)
    {
        if (storage is null) return;
        ReadOnlyMemory<byte> bytes = storage.Load(channelId);
        (_stored, _base) = (bytes.Length, bytes.Length);
        while (bytes.Length > 0)
        {
            if (ReadFrame(bytes.Span) is not { } length)
            {
                _needsSnapshot = true;
                break;
            }

            apply(bytes.Slice(HeaderBytes, length));
            bytes = bytes[(HeaderBytes + length)..];
        }

        IsRecording = true;
    }

    /// <summary>Hands the changes since the last call to the storage.</summary>
    /// <param name="snapshot">Gives the whole state, for the times when the journal is replaced.</param>
    /// <returns>The failure of the storage; null where all is stored.</returns>
    public Exception? Flush(Func<byte[]> snapshot)
    {
        if (storage is null) return null;
        if (_changes.Length > 0)
        {
            if (!_needsSnapshot) AddFrame(_pending, _changes.Written);
            _changes.Clear();
        }

        bool replaces = _needsSnapshot || _pending.Length > MaxPending
            || _stored + _pending.Length > Math.Max(MinCompaction, Growth * _base);
        if (_pending.Length == 0 && !replaces) return null;
        try
        {
            if (replaces) Replace(snapshot());
            else storage.Append(channelId, _pending.Written);
            _stored += replaces ? 0 : _pending.Length;
        }
#pragma warning disable CA1031 // failures of the application's storage are reported
        catch (Exception e)
#pragma warning restore CA1031
        {
            _needsSnapshot |= _pending.Length > MaxPending;
            if (_needsSnapshot) _pending.Clear();
            return e;
        }

        _pending.Clear();
        return null;
    }

    private static void AddFrame(ProtobufWriter target, ReadOnlySpan<byte> changes)
    {
        Span<byte> header = target.Take(HeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header, changes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[sizeof(int)..], Crc(changes));
        target.Raw(changes);
    }

    // The length of the first frame; null where a crash cut it short.
    private static int? ReadFrame(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes) return null;
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        int left = bytes.Length - HeaderBytes;
        if (length > left) return null;
        bool isWhole = length > 0
            && Crc(bytes.Slice(HeaderBytes, length)) == BinaryPrimitives.ReadUInt32LittleEndian(bytes[sizeof(int)..]);
        if (isWhole) return length;
        if (length == left) return null;
        throw new InvalidIpldException(SdsCodec.Format, "the stored journal is damaged");
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte each in bytes) crc = BitOperations.Crc32C(crc, each);
        return ~crc;
    }

    private void Replace(byte[] snapshot)
    {
        var changes = new ProtobufWriter();
        changes.Bytes((int)ChangeField.Snapshot, snapshot);
        var frame = new ProtobufWriter();
        AddFrame(frame, changes.Written);
        storage!.Replace(channelId, frame.Written);
        (_stored, _base, _needsSnapshot) = (frame.Length, frame.Length, false);
    }
}
