namespace ArrowCid.Native;

/// <summary>A watch that a caller asks.</summary>
internal sealed class Watch(StorePoll poll) : OneAtATime
{
    public StorePoll Poll => poll;

    /// <summary>The name that the last event was about; null for none.</summary>
    public string? Name { get; set; }

    protected override string Noun => "watch";
}
