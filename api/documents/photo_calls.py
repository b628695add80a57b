"""The calls about photos, videos and voice notes: sent by tus in pieces, or whole in one form; and seen again."""

from typing import Final

from api import answers, tus
from api.bodies import CLIENT_ID
from api.documents import examples
from api.documents.call import Answer, Call, Form
from dispatch.media_bounds import BOUNDS, MIB

_UPLOADS: Final = "/api/v1/reports/{id}/media"
_UPLOAD: Final = "/api/v1/reports/{id}/media/{media}"
_UNFIT: Final = (
    "photo_unreadable",
    "photo_too_many_pixels",
    "photo_animated",
    "video_unreadable",
    "video_too_long",
    "video_too_many_pixels",
    "voice_unreadable",
    "voice_too_long",
    "upload_abandoned",
)
_ARRIVING: Final = ("upload_busy", "upload_stalled", "store_full", "store_unavailable", *_UNFIT)
_OFFERED: Final = (
    "report_unknown",
    "report_closed",
    "field_invalid",
    "media_type_unsupported",
    "photo_too_large",
    "photos_too_many",
    "video_too_large",
    "videos_too_many",
    "voice_too_large",
    "voices_too_many",
    "media_capped",
    "upload_conflict",
    "too_many_requests",
)
_NAMED: Final = ("tus_version_unsupported", "report_unknown", "upload_unknown")
_APPENDED: Final = (
    *_NAMED,
    *_ARRIVING,
    "content_type_unsupported",
    "field_invalid",
    "upload_offset_conflict",
    "upload_too_long",
)
_TAKEN_BACK: Final = (*_NAMED, "media_unknown", "report_closed")

_BYTES: Final = {"type": "string", "contentMediaType": tus.BODY_TYPE}
_PIECE: Final = Form(tus.BODY_TYPE, _BYTES, "Bytes of the file.")
_PERHAPS_A_PIECE: Final = Form(tus.BODY_TYPE, _BYTES, "Bytes of the file.", required=False)
_FORM: Final = Form(
    "multipart/form-data",
    {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {
                "type": "string",
                "contentMediaType": "application/octet-stream",
                "description": "The file. There is one only; its field may have any name.",
            },
            "client_id": {"type": "string", "pattern": CLIENT_ID, "maxLength": 64},
            "filename": {"type": "string", "description": "In place of the file's own name."},
            "filetype": {"type": "string", "description": "In place of the file's own content type."},
        },
    },
    "One photo of at most {photo} MiB, video of {video} or voice note of {voice}.".format(
        **{kind: bounds.bytes // MIB for kind, bounds in BOUNDS.items()}
    ),
)
_SENT: Final = {
    "photo": ("已送达", examples.MEDIA),
    "video": ("处理中", examples.VIDEO),
    "voice": ("已送达", examples.VOICE),
}
_BEGUN: Final = {"photo": ("接收中", examples.MEDIA_BEGUN)}
_GIVES: Final = {"id": "$request.path.id", "media": "$response.body#/id"}
_ABLE: Final = Answer("What the server can do.", headers=("Tus-Version", "Tus-Extension", "Tus-Max-Size"))
_REACHED: Final = Answer("How much has come.", headers=("Upload-Offset", "Upload-Length", "Upload-Metadata"))
_KEPT: Final = Answer(
    "It is on the disk; after the last piece, a photo or voice note is ready.", headers=("Upload-Offset",)
)
_SEEN: Final = {
    200: Answer("The picture, as WebP.", media_type="image/webp", headers=("ETag",)),
    304: Answer("The client has it.", headers=("ETag",)),
}

UPLOADS: Final = (
    Call(
        "OPTIONS",
        _UPLOADS,
        "showUploadAbilities",
        "photos",
        "上传能力 · What uploads can",
        "tus 1.0.0: creation, creation-with-upload, termination.",
        {204: _ABLE},
        signed_in=False,
        stored=False,
        headers=("Tus-Resumable",),
    ),
    Call(
        "POST",
        _UPLOADS,
        "beginPhoto",
        "photos",
        "开始上传 · Begin an upload",
        "Makes room for a photo, a video or a voice note, by `filetype`; a body of the right type is its first piece. "
        "The same `client_id` again gives the same address. Media may come before and after the acknowledgement, "
        "until the report is closed.",
        {
            201: Answer(
                "Its address, and how much has come.",
                answers.Media,
                _BEGUN,
                headers=("Location", "Upload-Offset"),
            )
        },
        body=_PERHAPS_A_PIECE,
        refuses=(
            "tus_version_unsupported",
            "upload_unknown",
            "upload_offset_conflict",
            "upload_too_long",
            *_OFFERED,
            *_ARRIVING,
        ),
        parameters=("Tus-Resumable", "Upload-Length", "Upload-Metadata"),
        writes=True,
        headers=("Tus-Resumable",),
        gives=_GIVES,
    ),
    Call(
        "OPTIONS",
        _UPLOAD,
        "showAbilitiesOfUpload",
        "photos",
        "上传能力 · What uploads can",
        "tus 1.0.0: creation, creation-with-upload, termination.",
        {204: _ABLE},
        signed_in=False,
        stored=False,
        headers=("Tus-Resumable",),
    ),
    Call(
        "HEAD",
        _UPLOAD,
        "askPhoto",
        "photos",
        "查询已收到多少 · How much has come",
        "Ask after every line that was lost. A refusal has no body here, as no answer to HEAD has one.",
        {200: _REACHED},
        refuses=_NAMED,
        parameters=("Tus-Resumable",),
        writes=True,
        headers=("Tus-Resumable",),
    ),
    Call(
        "PATCH",
        _UPLOAD,
        "appendToPhoto",
        "photos",
        "续传 · Send the next piece",
        "What has come is kept, however the line ends. The answer to the last piece of a photo or voice note comes "
        "when it is stored and the desk sees it. A video is answered as soon as its bytes are safe; when it can be "
        "played, or cannot (`state`, `refused`), the report tells.",
        {204: _KEPT},
        body=_PIECE,
        refuses=_APPENDED,
        parameters=("Tus-Resumable", "Upload-Offset"),
        writes=True,
        headers=("Tus-Resumable",),
    ),
    Call(
        "DELETE",
        _UPLOAD,
        "removePhoto",
        "photos",
        "撤回 · Take it back",
        "It counts no more and leaves the reporter's screen. What had reached the desk stays with the desk.",
        {204: Answer("Taken back.")},
        refuses=_TAKEN_BACK,
        parameters=("Tus-Resumable",),
        writes=True,
        headers=("Tus-Resumable",),
    ),
    Call(
        "POST",
        _UPLOAD,
        "actOnPhoto",
        "photos",
        "以 POST 代替 PATCH、DELETE、HEAD · In disguise",
        "For lines on which PATCH and DELETE do not come through: the method stands in `X-HTTP-Method-Override`.",
        {200: _REACHED, 204: _KEPT},
        body=_PERHAPS_A_PIECE,
        refuses=(*_APPENDED, *_TAKEN_BACK, "method_refused"),
        parameters=("Tus-Resumable", "X-HTTP-Method-Override", "Upload-Offset-of-PATCH"),
        writes=True,
        headers=("Tus-Resumable",),
    ),
    Call(
        "POST",
        f"{_UPLOADS}/form",
        "sendPhoto",
        "photos",
        "一次上传 · Send a file whole",
        "For `wx.uploadFile`, which knows no other way.",
        {
            201: Answer("Stored.", answers.Media, _SENT),
            200: Answer("It is here already.", answers.Media, _SENT),
        },
        body=_FORM,
        refuses=("content_type_unsupported", "body_unreadable", "upload_unknown", *_OFFERED, *_ARRIVING),
        writes=True,
        gives=_GIVES,
    ),
)

_PLAYED: Final = {
    200: Answer(
        "The photo as WebP, the video or voice note as MP4.",
        media_type="image/webp",
        headers=("ETag",),
        or_types=("video/mp4", "audio/mp4"),
    ),
    206: Answer(
        "The range asked for, of a video or voice note.",
        media_type="video/mp4",
        headers=("ETag", "Content-Range"),
        or_types=("audio/mp4",),
    ),
    304: Answer("The client has it.", headers=("ETag",)),
    416: Answer("There is nothing in that range.", headers=("ETag", "Content-Range")),
}

SEEN: Final = (
    Call(
        "GET",
        "/api/v1/media/{media}",
        "showMedia",
        "photos",
        "照片、视频、语音 · A photo, video or voice note",
        "One's own: a photo as with `/view`; a video (H.264 and AAC) or voice note (AAC) as an MP4, in ranges.",
        _PLAYED,
        refuses=("media_unknown", "store_unavailable"),
        parameters=("If-None-Match", "Range", "If-Range"),
    ),
    *(
        Call(
            "GET",
            f"/api/v1/media/{{media}}{suffix}",
            name,
            "photos",
            title,
            says,
            _SEEN,
            refuses=("media_unknown", "store_unavailable"),
            parameters=("If-None-Match",),
        )
        for suffix, name, title, says in (
            (
                "/view",
                "showMediaView",
                "照片 · A photo",
                "One's own, upright, its longest side at most 2,048 pixels; of a video its poster.",
            ),
            (
                "/thumb",
                "showMediaThumb",
                "缩略图 · A thumb",
                "The same, its longest side at most 320 pixels.",
            ),
        )
    ),
)
