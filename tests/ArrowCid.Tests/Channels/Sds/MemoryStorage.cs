using ArrowCid.Channels.Sds;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>A storage in memory that counts and fails where it is told to.</summary>
internal sealed class MemoryStorage : ISdsStorage
{
    private readonly Dictionary<string, byte[]> _journals = [];

    public bool FailsLoad { get; set; }

    public bool FailsWrite { get; set; }

    public bool FailsDelete { get; set; }

    public int Appends { get; private set; }

    public int Replaces { get; private set; }

    public int Deletes { get; private set; }

    public long AppendedBytes { get; private set; }

    public IReadOnlyDictionary<string, byte[]> Journals => _journals;

    public void Cut(string channelId, int bytes) => _journals[channelId] = _journals[channelId][..^bytes];

    public void Damage(string channelId, int at) => _journals[channelId][at] ^= 0x40;

    public ReadOnlyMemory<byte> Load(string channelId) =>
        FailsLoad ? throw new IOException("load") : _journals.GetValueOrDefault(channelId, []);

    public void Append(string channelId, ReadOnlySpan<byte> bytes)
    {
        if (FailsWrite) throw new IOException("append");
        Appends++;
        AppendedBytes += bytes.Length;
        _journals[channelId] = [.. _journals.GetValueOrDefault(channelId, []), .. bytes];
    }

    public void Replace(string channelId, ReadOnlySpan<byte> bytes)
    {
        if (FailsWrite) throw new IOException("replace");
        Replaces++;
        _journals[channelId] = bytes.ToArray();
    }

    public void Delete(string channelId)
    {
        if (FailsDelete) throw new IOException("delete");
        Deletes++;
        _journals.Remove(channelId);
    }
}
