namespace ArrowCid.Memory;

/// <summary>What an exported struct ArrowArray is made of.</summary>
internal interface ICArraySource
{
    /// <summary>Writes its struct, and those below it, to places of the export.</summary>
    void WriteTo(CDataExport export, CArrayPlace place);
}
