using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>A segment that is being made: its slot says "creating" for a lane, its file is reserved, mapped and
/// leased, and has a temporary name. Killed here, the lane's next owner frees it.</summary>
/// <param name="slot">Its slot.</param>
/// <param name="word">The slot's word.</param>
/// <param name="file">The description that it is mapped and leased through.</param>
/// <param name="map">The whole file.</param>
/// <param name="isInPlace">Whether its pages are mapped already, from its last use.</param>
internal sealed class RawSegment(int slot, TableWord word, FileDescriptor file, Mapping map, bool isInPlace = false)
{
    public int Slot => slot;

    public TableWord Word => word;

    public FileDescriptor File => file;

    public Mapping Map => map;

    public bool IsInPlace => isInPlace;

    public string Name => StoreLayout.SegmentName(slot, word.Generation);

    /// <summary>The mapping first: the lease ends when nothing is mapped any more.</summary>
    public void Close()
    {
        map.Dispose();
        file.Dispose();
    }
}
