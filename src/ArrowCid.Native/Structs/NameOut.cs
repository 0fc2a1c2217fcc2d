using System.Runtime.InteropServices;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.Native;

/// <summary><c>arrowcid_name</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NameOut
{
    public CidBytes Cid;
    public int Kind;
    public long Time;
    public NameText Name;

    /// <exception cref="ArrowCidException">As for <see cref="CidBytes.Of(Cid)"/>.</exception>
    public static NameOut Of(CidStore store, NameChange name)
    {
        Cid cid = name.Cid!.Value;
        var found = new NameOut { Cid = CidBytes.Of(cid), Time = Block.Nanoseconds(name.Time) };
        if (store.Reading.TryFindAny(cid, out BlockInfo info))
            found.Kind = (int)(store.Reading.NodeOf(in info)?.Kind ?? (BlockKind)info.Kind);
        // SAFETY: the span is the struct's own bytes; a name has at most 255, so that the last one stays 0.
        Span<byte> text = found.Name;
        _ = Utf8Text.Fill(name.Name, text[..^1]);
        return found;
    }
}
