"""The 102 desks: one of the province, eleven of its cities, ninety of its counties.

A desk is known by the six-digit administrative code (adcode, GB/T 2260) of the area it answers for. The
code says where the area belongs: `330106` lies in city `330100`, which lies in province `330000`.
The table holds the divisions as they have stood since 2021. Set-up refuses boundaries that lack one of its
counties or name one otherwise, so that a reform of the divisions cannot go unseen.
"""

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from dispatch.tongues import in_chinese

Level = Literal["province", "city", "county"]

PROVINCE = "330000"
SMS = "12110"  # takes text messages to the police, where a desk has set no other number

# A syllable of a name in pinyin. An apostrophe stands where it would be read otherwise (Rui'an).
SYLLABLE = re.compile(r"(?:zh|ch|sh|[b-df-hj-np-tw-z])?[aeiouü]+(?:ng(?![aeiou])|n(?![aeiou]))?")


@dataclass(frozen=True, slots=True)
class Desk:
    """A local call desk (110报警服务台), and the area it answers for."""

    adcode: str
    name_zh: str  # of the area: 西湖区
    name_en: str  # of the area: Xihu District

    @property
    def level(self) -> Level:
        """Whether it answers for the province, a city or a county."""
        return level(self.adcode)

    @property
    def parent(self) -> str | None:
        """The adcode of the desk above it; the province has none."""
        return parent_of(self.adcode)

    @property
    def initials(self) -> str:
        """The first letters of the syllables of its name, by which people type it: `xh`."""
        name = self.name_en.split(" ")[0].lower()
        return "".join(syllable[0] for syllable in SYLLABLE.findall(name))

    def title(self, language: str) -> str:
        """What people are shown: 西湖区110报警服务台, or in English Xihu District 110 desk."""
        return f"{self.name_en} 110 desk" if not in_chinese(language) else f"{self.name_zh}110报警服务台"


def whom_to_call(sms: str = SMS) -> tuple[str, str]:
    """Who takes what the internet does not, as addresses. `sms`: the number of the desk, once that is known."""
    return "tel:110", f"sms:{sms}"


def level(adcode: str) -> Level:
    """Which kind of area a code of Zhejiang names. Raises `KeyError` for a code that is no desk's."""
    if adcode not in DESKS:
        raise KeyError(adcode)
    if adcode == PROVINCE:
        return "province"
    return "city" if adcode.endswith("00") else "county"


def parent_of(adcode: str) -> str | None:
    """The desk above: a county's city, a city's province, nothing above the province.

    Raises `KeyError` for a code that is no desk's.
    """
    match level(adcode):
        case "county":
            return adcode[:4] + "00"
        case "city":
            return PROVINCE
        case "province":
            return None


def city_of(adcode: str) -> str:
    """The city that a county lies in, or the city itself.

    Raises `KeyError` for a code that is no desk's, and for the province, which lies in no city.
    """
    if level(adcode) == "province":
        raise KeyError(adcode)
    return adcode[:4] + "00"


_TABLE = """
330000 浙江省 Zhejiang Province
330100 杭州市 Hangzhou City
330102 上城区 Shangcheng District
330105 拱墅区 Gongshu District
330106 西湖区 Xihu District
330108 滨江区 Binjiang District
330109 萧山区 Xiaoshan District
330110 余杭区 Yuhang District
330111 富阳区 Fuyang District
330112 临安区 Lin'an District
330113 临平区 Linping District
330114 钱塘区 Qiantang District
330122 桐庐县 Tonglu County
330127 淳安县 Chun'an County
330182 建德市 Jiande City
330200 宁波市 Ningbo City
330203 海曙区 Haishu District
330205 江北区 Jiangbei District
330206 北仑区 Beilun District
330211 镇海区 Zhenhai District
330212 鄞州区 Yinzhou District
330213 奉化区 Fenghua District
330225 象山县 Xiangshan County
330226 宁海县 Ninghai County
330281 余姚市 Yuyao City
330282 慈溪市 Cixi City
330300 温州市 Wenzhou City
330302 鹿城区 Lucheng District
330303 龙湾区 Longwan District
330304 瓯海区 Ouhai District
330305 洞头区 Dongtou District
330324 永嘉县 Yongjia County
330326 平阳县 Pingyang County
330327 苍南县 Cangnan County
330328 文成县 Wencheng County
330329 泰顺县 Taishun County
330381 瑞安市 Rui'an City
330382 乐清市 Yueqing City
330383 龙港市 Longgang City
330400 嘉兴市 Jiaxing City
330402 南湖区 Nanhu District
330411 秀洲区 Xiuzhou District
330421 嘉善县 Jiashan County
330424 海盐县 Haiyan County
330481 海宁市 Haining City
330482 平湖市 Pinghu City
330483 桐乡市 Tongxiang City
330500 湖州市 Huzhou City
330502 吴兴区 Wuxing District
330503 南浔区 Nanxun District
330521 德清县 Deqing County
330522 长兴县 Changxing County
330523 安吉县 Anji County
330600 绍兴市 Shaoxing City
330602 越城区 Yuecheng District
330603 柯桥区 Keqiao District
330604 上虞区 Shangyu District
330624 新昌县 Xinchang County
330681 诸暨市 Zhuji City
330683 嵊州市 Shengzhou City
330700 金华市 Jinhua City
330702 婺城区 Wucheng District
330703 金东区 Jindong District
330723 武义县 Wuyi County
330726 浦江县 Pujiang County
330727 磐安县 Pan'an County
330781 兰溪市 Lanxi City
330782 义乌市 Yiwu City
330783 东阳市 Dongyang City
330784 永康市 Yongkang City
330800 衢州市 Quzhou City
330802 柯城区 Kecheng District
330803 衢江区 Qujiang District
330822 常山县 Changshan County
330824 开化县 Kaihua County
330825 龙游县 Longyou County
330881 江山市 Jiangshan City
330900 舟山市 Zhoushan City
330902 定海区 Dinghai District
330903 普陀区 Putuo District
330921 岱山县 Daishan County
330922 嵊泗县 Shengsi County
331000 台州市 Taizhou City
331002 椒江区 Jiaojiang District
331003 黄岩区 Huangyan District
331004 路桥区 Luqiao District
331022 三门县 Sanmen County
331023 天台县 Tiantai County
331024 仙居县 Xianju County
331081 温岭市 Wenling City
331082 临海市 Linhai City
331083 玉环市 Yuhuan City
331100 丽水市 Lishui City
331102 莲都区 Liandu District
331121 青田县 Qingtian County
331122 缙云县 Jinyun County
331123 遂昌县 Suichang County
331124 松阳县 Songyang County
331125 云和县 Yunhe County
331126 庆元县 Qingyuan County
331127 景宁畲族自治县 Jingning She Autonomous County
331181 龙泉市 Longquan City
"""

# adcode → desk, the province first, each city before its counties.
DESKS: MappingProxyType[str, Desk] = MappingProxyType(
    {row[:6]: Desk(*row.split(" ", 2)) for row in _TABLE.strip().splitlines()}
)

COUNTIES: tuple[str, ...] = tuple(adcode for adcode in DESKS if not adcode.endswith("00"))
CITIES: tuple[str, ...] = tuple(adcode for adcode in DESKS if adcode.endswith("00") and adcode != PROVINCE)
