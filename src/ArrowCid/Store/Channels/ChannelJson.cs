using System.Text.Json;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>Messages, events and states of channels as members of a JSON object, the same wherever one is shown.
/// </summary>
internal static class ChannelJson
{
    /// <summary>Writes a message. The cursor is that after it.</summary>
    public static void Write(Utf8JsonWriter writer, ChannelMessage message)
    {
        writer.WriteString("cid", message.Cid.ToString());
        writer.WriteString("time", EntryJson.Time(message.At));
        writer.WriteString("writer", message.Writer);
        writer.WriteString("run", message.Run);
        writer.WriteNumber("sequence", message.Sequence);
        writer.WriteBoolean("signed", message.IsSigned);
        EntryJson.WriteTexts(writer, "parents", message.Parents.Select(cid => cid.ToString()));
        EntryJson.WriteTexts(writer, "contents", message.Contents.Select(cid => cid.ToString()));
        if (message.Bytes is { } bytes) writer.WriteBase64String("bytes", bytes.Span);
        if (message.NewWriters is { } keys) EntryJson.WriteTexts(writer, "writers", keys.Select(key => key.Text));
        if (message.Hints.Count > 0)
            EntryJson.WriteTexts(writer, "hints", message.Hints.Select(hint => hint.Location).Distinct());
        if (message.IsLate) writer.WriteBoolean("late", true);
        if (message.IsAfterLoss) writer.WriteBoolean("afterLoss", true);
        if (message.Deliveries > 0) writer.WriteNumber("deliveries", message.Deliveries);
        writer.WriteString("cursor", message.Cursor.ToString());
    }

    /// <summary>Writes an event.</summary>
    public static void Write(Utf8JsonWriter writer, ChannelEvent found)
    {
        writer.WriteString("kind", JsonNamingPolicy.CamelCase.ConvertName(found.Kind.ToString()));
        writer.WriteString("message", found.Message.ToString());
        if (found.Participant.Length > 0) writer.WriteString("participant", found.Participant);
    }

    /// <summary>Writes the heads, participants and gaps of a channel.</summary>
    public static void Write(Utf8JsonWriter writer, MessageChannel channel)
    {
        writer.WriteString("name", channel.Name);
        writer.WriteString("cid", channel.Cid.ToString());
        writer.WriteString("participant", channel.Participant);
        writer.WriteNumber("messages", channel.Count);
        writer.WriteNumber("waiting", channel.Waiting);
        writer.WriteBoolean("open", channel.IsOpen);
        if (channel.Keep is { } keep) writer.WriteNumber("keepMs", (long)keep.TotalMilliseconds);
        EntryJson.WriteTexts(writer, "heads", channel.Heads.Select(head => head.ToString()));
        EntryJson.WriteTexts(writer, "writers", (channel.Writers ?? []).Select(key => key.Text));
        EntryJson.WriteTexts(writer, "unacknowledged", channel.Unacknowledged.Select(one => one.ToString()));
        EntryJson.WriteTexts(writer, "peers", channel.Peers.List());
        writer.WriteStartArray("participants");
        foreach (ChannelParticipant one in channel.Participants)
        {
            writer.WriteStartObject();
            writer.WriteString("id", one.Id);
            writer.WriteNumber("messages", one.Messages);
            writer.WriteNumber("sequence", one.Sequence);
            writer.WriteString("heard", EntryJson.Time(one.LastHeard));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("missing");
        foreach (ChannelGap gap in channel.Gaps)
        {
            writer.WriteStartObject();
            writer.WriteString("cid", gap.Cid.ToString());
            writer.WriteString("since", EntryJson.Time(gap.Since));
            writer.WriteNumber("waiting", gap.Waiting);
            writer.WriteNumber("asked", gap.Asked);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
