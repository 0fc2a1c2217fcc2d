namespace ArrowCid.Channels.Sds;

/// <summary>
/// Keeps the state of SDS channels as bytes: one journal per channel, to which changes are appended.
/// <see cref="SdsFolder"/> keeps them in files. Calls come one at a time. A failure to write does not fail the call
/// of the participant: it raises <see cref="SdsEventKind.StorageFailed"/>, and what was not written is written with
/// the next change. Failures of <see cref="Load"/> and <see cref="Delete"/> do fail the call.
/// </summary>
public interface ISdsStorage
{
    /// <summary>Reads the journal of a channel.</summary>
    /// <param name="channelId">The channel.</param>
    /// <returns>All bytes that were appended since the last replacement, behind those of the replacement; empty where
    /// nothing is stored. A last append that a crash cut short may be there in part.</returns>
    ReadOnlyMemory<byte> Load(string channelId);

    /// <summary>Appends to the journal of a channel. When it returns, the bytes are stored.</summary>
    /// <param name="channelId">The channel.</param>
    /// <param name="bytes">The bytes, valid until the call returns.</param>
    void Append(string channelId, ReadOnlySpan<byte> bytes);

    /// <summary>Replaces the journal of a channel, wholly or not at all.</summary>
    /// <param name="channelId">The channel.</param>
    /// <param name="bytes">The bytes, valid until the call returns.</param>
    void Replace(string channelId, ReadOnlySpan<byte> bytes);

    /// <summary>Deletes the journal of a channel; does nothing where there is none.</summary>
    /// <param name="channelId">The channel.</param>
    void Delete(string channelId);
}
