namespace ArrowCid.Native;

/// <summary>A watch that a caller asks.</summary>
internal sealed class Watch(StorePoll poll) : OneAtATime
{
    public StorePoll Poll => poll;

    protected override string Noun => "watch";
}
