using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>A segment that is being made: its slot says "creating" for a lane, its file is reserved, mapped and
/// leased, and has a temporary name. Killed here, the lane's next owner frees it.</summary>
internal sealed class RawSegment(int slot, TableWord word, FileDescriptor file, Mapping map)
{
    public int Slot => slot;

    public TableWord Word => word;

    public FileDescriptor File => file;

    public Mapping Map => map;

    public string Name => Layout.SegmentName(slot, word.Generation);

    /// <summary>The mapping first: the lease ends when nothing is mapped any more.</summary>
    public void Close()
    {
        map.Dispose();
        file.Dispose();
    }
}
